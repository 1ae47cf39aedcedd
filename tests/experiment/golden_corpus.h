// Golden texts of many cases in one file: a heading, then for each case "## title", a text, "----", and what comes of
// it.
#pragma once

#include <sstream>
#include <string>
#include <vector>

#include "files/files.h"

namespace rxrun {

struct GoldenCase {
  std::string title;
  std::string text;
  std::string expected;
};

struct GoldenCorpus {
  std::string heading;
  std::vector<GoldenCase> cases;
};

inline GoldenCorpus read_corpus(const std::string& file) {
  GoldenCorpus corpus;
  std::istringstream lines(read_file(file, 1 << 20));
  std::string* part = &corpus.heading;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("## ")) {
      part = &corpus.cases.emplace_back(GoldenCase{line.substr(3), "", ""}).text;
    } else if (line == "----") {
      part = &corpus.cases.back().expected;
    } else {
      *part += line + "\n";
    }
  }
  return corpus;
}

}  // namespace rxrun
