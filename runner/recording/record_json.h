// The values of a run's record as JSON, and back. Texts that are not UTF-8, as names of files may be, are objects
// {"base16": "..."}; numbers that JSON has no word for are "nan", "inf", "-inf".
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "recording/run_record.h"

namespace rxrun {

inline constexpr int kRecordVersion = 1;

nlohmann::json to_json(const RunRecord& run);
nlohmann::json to_json(const SplitRecord& row);
nlohmann::json to_json(const EpochRecord& epoch);
// Without its outputs; `outputs`: the name of the file that has them, empty where there are none.
nlohmann::json to_json(const EvaluationRecord& evaluation, std::int64_t number, const std::string& outputs);
nlohmann::json to_json(const RunEnd& end);
nlohmann::json to_json(const RunWords& words);
// A line, probabilities in nine digits: the fewest that are read back to the same float, by way of a double too.
std::string to_line(const OutputRecord& row);
std::string to_line(const nlohmann::json& json);

// These throw nlohmann::json::exception, or Error for what is JSON but no such value.
RunRecord run_of(const nlohmann::json& json);
SplitRecord split_of(const nlohmann::json& json);
EpochRecord epoch_of(const nlohmann::json& json);
EvaluationRecord evaluation_of(const nlohmann::json& json);  // without its outputs
RunEnd end_of(const nlohmann::json& json);
RunWords words_of(const nlohmann::json& json);
OutputRecord output_of(const nlohmann::json& json);
std::int64_t integer_of(const nlohmann::json& json);

}  // namespace rxrun
