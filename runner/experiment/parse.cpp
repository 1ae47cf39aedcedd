#include <algorithm>
#include <sstream>

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include "experiment/document.h"
#include "experiment/source_text.h"
#include "experiment/tokens.h"
#include "experiment/tree_builder.h"

namespace rxrun {
namespace {

// The builder's errors are told already; what yaml-cpp throws is told here.
bool build(const SourceText& source, TreeBuilder& builder, Diagnostics& diagnostics) {
  try {
    std::istringstream stream{std::string(source.text())};
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
    return true;
  } catch (const TreeBuilder::Stop&) {
  } catch (const YAML::Exception& exception) {
    tell_syntax_error(source, exception, builder, diagnostics);
  } catch (const std::exception& exception) {
    diagnostics.error(source.whole_file(), fmt::format("the YAML parser failed: {}", exception.what()));
  }
  return false;
}

}  // namespace

std::optional<Node> parse_document(const std::string& text, const std::string& file, Diagnostics& diagnostics,
                                   const DocumentLimits& limits) {
  // Places in a text are counted in 32 bits, and columns in an int.
  const std::uint64_t most = std::min<std::uint64_t>(limits.bytes, 1u << 30);
  if (text.size() > most) {
    diagnostics.error({file, 0, 0, 1, {}}, fmt::format("the file has {} bytes; the limit is {}", text.size(), most));
    return std::nullopt;
  }
  // YAML permits a byte order mark at the start; it is no column.
  const std::string_view content = std::string_view(text).substr(text.starts_with("\xef\xbb\xbf") ? 3 : 0);
  const SourceText source(content, file);
  if (!check_text(source, diagnostics)) return std::nullopt;
  if (const std::optional<std::size_t> bracket = bracket_deeper_than(content, limits.depth)) {
    diagnostics.error(source.place(*bracket), fmt::format("lists and maps nest deeper than {} levels", limits.depth));
    return std::nullopt;
  }
  TreeBuilder builder(source, limits, diagnostics);
  if (!build(source, builder, diagnostics)) return std::nullopt;
  return builder.take();
}

}  // namespace rxrun
