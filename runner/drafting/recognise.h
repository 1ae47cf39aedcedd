// Which source reads what lies at a path.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "data/source.h"
#include "experiment/experiment.h"

namespace rxrun {

struct RecognisedData {
  SourceKind kind = SourceKind::class_folders;
  std::filesystem::path path;      // of the data itself: the only .npz or .csv of a folder that holds nothing else
  std::unique_ptr<Source> source;  // opened with everything else at its default
  std::string instead_of_folders;  // why a list was taken where there are folders too; else empty
};

// What lies at `asked.path`. Of a folder: IDX files, CIFAR's, a single .npz or .csv, or else class folders, read by
// `asked.layout`, `include` and `exclude`; of a file, what its ending says. Throws Error when there is nothing that a
// source reads, with what a source says of it.
RecognisedData recognise_data(const DataSpec& asked);

// As experiments spell it: "class_folders".
const char* to_string(SourceKind kind);

}  // namespace rxrun
