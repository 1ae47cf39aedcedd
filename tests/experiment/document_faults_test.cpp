#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "document_faults.h"
#include "experiment/document.h"

namespace rxrun {
namespace {

std::vector<std::string> told(const Diagnostics& diagnostics) {
  std::vector<std::string> out;
  for (const Diagnostic& d : diagnostics.list())
    out.push_back(fmt::format("{}:{}: {}", d.where.line, d.where.column, d.message));
  return out;
}

class DocumentFaults : public testing::TestWithParam<DocumentFault> {};

TEST_P(DocumentFaults, AreToldWithTheirPlaces) {
  const DocumentFault& fault = GetParam();
  Diagnostics diagnostics;
  parse_document(fault.text, "f.yaml", diagnostics);
  EXPECT_TRUE(diagnostics.has_errors());
  EXPECT_EQ(told(diagnostics), fault.expected);
  for (const Diagnostic& diagnostic : diagnostics.list()) EXPECT_EQ(diagnostic.where.file, "f.yaml");
}

INSTANTIATE_TEST_SUITE_P(All, DocumentFaults, testing::ValuesIn(document_faults()),
                         [](const testing::TestParamInfo<DocumentFault>& info) {
                           return std::string(info.param.name);
                         });

TEST(DocumentFaultsTable, IsLargeAndNamesEachOnce) {
  std::set<std::string> names;
  for (const DocumentFault& fault : document_faults()) EXPECT_TRUE(names.insert(fault.name).second) << fault.name;
  EXPECT_GE(names.size(), 150u);
}

// A file cut off anywhere, or with one byte changed, gives a tree or an error, and every place is inside the file.
TEST(DocumentFaultsTable, CutOffAnywhereNothingBreaks) {
  for (const DocumentFault& fault : document_faults()) {
    if (fault.text.size() > 200) continue;
    for (std::size_t size = 0; size < fault.text.size(); ++size) {
      Diagnostics diagnostics;
      const std::string text = fault.text.substr(0, size);
      const bool tree = parse_document(text, "f.yaml", diagnostics).has_value();
      EXPECT_TRUE(tree || diagnostics.has_errors()) << fault.name << " cut to " << size;
      const int lines = 1 + static_cast<int>(std::count(text.begin(), text.end(), '\n'));
      for (const Diagnostic& d : diagnostics.list()) EXPECT_LE(d.where.line, lines) << fault.name << " cut to " << size;
    }
  }
}

}  // namespace
}  // namespace rxrun
