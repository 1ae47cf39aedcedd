// Faulty documents, each with all that has to be told about it.
#pragma once

#include <string>
#include <vector>

namespace rxrun {

struct DocumentFault {
  const char* name;
  std::string text;
  std::vector<std::string> expected;  // "line:column: message"; 0:0 is the file as a whole
};

const std::vector<DocumentFault>& document_faults();

}  // namespace rxrun
