// A run's record in its own folder: what happened to it, in order, so that results.db can be filled from it, compared
// with it and made again.
//
// record.jsonl: one JSON object a line, each with its `event` (record_json.h has the values):
//   begin       the run as declared and found: RunRecord, and `version`, the number of this format
//   continue    from here on the run goes on after `epochs` epochs: what was told of later ones, and of an end, is void
//   epoch       EpochRecord
//   evaluation  EvaluationRecord with its `number`, from 1; its outputs are in outputs-NUMBER.jsonl. A later line of
//   the
//               same number takes the place of an earlier one
//   end         RunEnd; its evaluations are lines of their own before it
//   words       RunWords: what the user says of it
// split.jsonl: SplitRecord, an image a line. outputs-NUMBER.jsonl: OutputRecord, an image a line.
// A last line without its line feed was cut off, and does not count; the next one takes its place.
#pragma once

#include <filesystem>
#include <string>

#include "files/temporary_file.h"
#include "recording/run_record.h"

namespace rxrun {

inline constexpr const char* kRecordFile = "record.jsonl";

// Each writes to the disk before it returns. All throw Error (run) where that cannot be done, of a full disk FullDisk,
// and leave no half line.
void begin_record(const std::filesystem::path& folder, const RunRecord& run, const std::vector<SplitRecord>& split);
void record_continuation(const std::filesystem::path& folder, std::int64_t epochs);
void record(const std::filesystem::path& folder, const EpochRecord& epoch);
// `number`: from 1, within the run.
void record(const std::filesystem::path& folder, const EvaluationRecord& evaluation, std::int64_t number);
// Without its evaluations.
void record(const std::filesystem::path& folder, const RunEnd& end);
void record(const std::filesystem::path& folder, const RunWords& words);
// All of a run anew, whatever was there.
void write_record(const std::filesystem::path& folder, const RunHistory& history,
                  Durability durability = Durability::synced);

bool has_record(const std::filesystem::path& folder);
// Whether there is something of that name, be it empty or a link: reading it tells what is wrong.
bool is_a_records_folder(const std::filesystem::path& folder);
// Throws Error (usage) with file and line where it cannot be read, or is not whole: without a split, or of parts,
// classes or images that the run does not have.
RunHistory read_record(const std::filesystem::path& folder);
// Whether that tells no more than that the run of this identity began; false where it cannot be read.
bool only_begun(const std::filesystem::path& folder, const std::string& identity);
// When the run began, without reading what it is large with; empty where that cannot be read.
std::string when_begun(const std::filesystem::path& folder);

}  // namespace rxrun
