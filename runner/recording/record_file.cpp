#include "recording/record_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <map>
#include <nlohmann/json.hpp>

#include "diagnostics/diagnostic.h"
#include "diagnostics/json_fault.h"
#include "diagnostics/render.h"
#include "files/descriptor.h"
#include "files/files.h"
#include "files/patience.h"
#include "recording/record_json.h"

namespace rxrun {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr std::uint64_t kLargestRecord = std::uint64_t{1} << 32;
constexpr const char* kSplitFile = "split.jsonl";

std::string outputs_file(std::int64_t number) { return fmt::format("outputs-{}.jsonl", number); }

std::string line_of(const OutputRecord& row) { return to_line(row); }
std::string line_of(const SplitRecord& row) { return to_line(to_json(row)); }

template <typename Row>
void write_rows(const fs::path& file, const std::vector<Row>& rows, Durability durability = Durability::synced) {
  write_file_atomically(
      file,
      [&rows](const Sink& sink) {
        for (const Row& row : rows) {
          const std::string line = line_of(row);
          sink(line.data(), line.size());
        }
      },
      durability);
}

constexpr const char* kIntact = "everything recorded so far is intact; run the same command again to continue";

std::string cannot_write(const fs::path& file, int cause) {
  return fmt::format("cannot write {}: {}", printable(file.string()), std::strerror(cause));
}

[[noreturn]] void fail(const fs::path& file, int cause) {
  throw Error(Failure::run, cannot_write(file, cause), kIntact);
}

// Where the last whole line ends: what follows was cut off, by a power cut at worst.
off_t end_of_whole_lines(int file, off_t size) {
  char byte = '\n';
  while (size > 0 && ::pread(file, &byte, 1, size - 1) == 1 && byte != '\n') --size;
  return size;
}

void append(const fs::path& folder, const Json& event) {
  const fs::path path = folder / kRecordFile;
  const Descriptor file(::open(path.c_str(), O_RDWR | O_APPEND | O_CLOEXEC | O_NOFOLLOW));
  if (file.get() < 0) fail(path, errno);
  const off_t there = ::lseek(file.get(), 0, SEEK_END);
  if (there < 0) fail(path, errno);
  const off_t size = end_of_whole_lines(file.get(), there);
  if (size != there && ::ftruncate(file.get(), size) != 0) fail(path, errno);
  const std::string line = to_line(event);
  for (std::size_t done = 0; done < line.size();) {
    const ssize_t written = ::write(file.get(), line.data() + done, line.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      const int cause = written < 0 ? errno : ENOSPC;
      if (::ftruncate(file.get(), size) != 0) fail(path, errno);
      if (is_full_disk(cause)) throw FullDisk(Failure::run, cannot_write(path, cause), kIntact);
      fail(path, cause);
    }
    done += static_cast<std::size_t>(written);
  }
  if (::fsync(file.get()) != 0) fail(path, errno);
}

// Of a file that grows, a kill may have cut the last line off, which is no line then; the others are written whole.
enum class LastLine { may_be_cut_off, is_whole };

// Calls `take` with each whole line as JSON.
template <typename Take>
void read_lines(const fs::path& path, LastLine last, Take take) {
  std::error_code code;
  if (fs::is_symlink(fs::symlink_status(path, code)))
    throw Error(Failure::usage, fmt::format("{} is a symbolic link, which is not followed", printable(path.string())));
  const std::string text = read_file(path, kLargestRecord);
  if (text.empty()) throw Error(Failure::usage, fmt::format("{} is empty (0 bytes)", printable(path.string())));
  std::size_t line = 0;
  for (std::size_t from = 0; from < text.size(); ++line) {
    const std::size_t end = text.find('\n', from);
    if (end == std::string::npos) {
      if (last == LastLine::may_be_cut_off) return;
      throw Error(Failure::usage,
                  fmt::format("{}:{}: the file ends in the midst of a line", printable(path.string()), line + 1));
    }
    const Json json = Json::parse(text.begin() + static_cast<std::ptrdiff_t>(from),
                                  text.begin() + static_cast<std::ptrdiff_t>(end), nullptr, false);
    from = end + 1;
    try {
      if (json.is_discarded()) throw Error(Failure::usage, "not JSON");
      take(json);
    } catch (const Json::exception& error) {
      throw Error(Failure::usage, fmt::format("{}:{}: not a line of a run's record: {}", printable(path.string()),
                                              line + 1, json_fault(error.what())));
    } catch (const Error& error) {
      throw Error(Failure::usage,
                  fmt::format("{}:{}: {}", printable(path.string()), line + 1, printable(error.what())));
    }
  }
}

void require_part(const std::string& part) {
  if (part == "train" || part == "validation" || part == "test") return;
  throw Error(Failure::usage, fmt::format("there is no part `{}`: an image is in train, validation or test",
                                          printable(part.substr(0, 40))));
}

// What the lines so far say of the run.
class Reading {
 public:
  explicit Reading(const fs::path& folder) : folder_(folder) {}

  void take(const Json& json) {
    const auto& event = json.at("event").get_ref<const std::string&>();
    if (event == "begin") {
      history_.run = run_of(json);
    } else if (event == "continue") {
      continue_after(integer_of(json.at("epochs")));
    } else if (event == "epoch") {
      const EpochRecord epoch = epoch_of(json);
      std::erase_if(history_.epochs, [&epoch](const EpochRecord& record) { return record.epoch >= epoch.epoch; });
      history_.epochs.push_back(epoch);
    } else if (event == "evaluation") {
      take_evaluation(json);
    } else if (event == "end") {
      history_.end = end_of(json);
    } else if (event == "words") {
      history_.words = words_of(json);
    } else {
      throw Error(Failure::usage, fmt::format("unknown event `{}`", printable(event)));
    }
  }

  RunHistory history() && {
    for (auto& [number, evaluation] : evaluations_) history_.evaluations.push_back(std::move(evaluation));
    return std::move(history_);
  }

 private:
  void continue_after(std::int64_t epochs) {
    std::erase_if(history_.epochs, [epochs](const EpochRecord& record) { return record.epoch > epochs; });
    std::erase_if(evaluations_, [](const auto& evaluation) { return evaluation.second.at_end; });
    history_.end.reset();
  }

  // One that a kill kept from the database may have left its number to the next.
  void take_evaluation(const Json& json) {
    const auto number = integer_of(json.at("number"));
    EvaluationRecord evaluation = evaluation_of(json);
    if (evaluation.own) require_part(evaluation.part);
    const auto file = json.at("outputs").get<std::string>();
    if (!file.empty() && file != outputs_file(number))
      throw Error(Failure::usage, fmt::format("`{}` is not the name of a file of outputs", printable(file)));
    if (!file.empty()) {
      read_lines(folder_ / file, LastLine::is_whole, [&](const Json& row) {
        evaluation.outputs.push_back(output_of(row));
        check(evaluation.outputs.back());
      });
    }
    evaluations_[number] = std::move(evaluation);
  }

  // Whatever images they are of, what is predicted is a class of the run. Runs of rxrun 0.1 do not tell their classes.
  void check(const OutputRecord& output) const {
    const auto classes = std::ssize(history_.run.classes);
    if (output.position < 0) throw Error(Failure::usage, fmt::format("there is no position {}", output.position));
    if (output.predicted < 0 || (classes > 0 && output.predicted >= classes))
      throw Error(Failure::usage, fmt::format("there is no class {}: the run has {}", output.predicted, classes));
  }

  const fs::path folder_;
  RunHistory history_;
  std::map<std::int64_t, EvaluationRecord> evaluations_;  // by their numbers
};

void check(const SplitRecord& row, const std::vector<std::string>& classes) {
  require_part(row.part);
  if (row.label < 0 || (!classes.empty() && row.label >= std::ssize(classes)))
    throw Error(Failure::usage, fmt::format("there is no class {}: the run has {}", row.label, classes.size()));
}

// What is told of the run's own images is told by their places in its split.
void check_positions(const RunHistory& history, const fs::path& folder) {
  for (const EvaluationRecord& evaluation : history.evaluations)
    for (const OutputRecord& output : evaluation.outputs) {
      const bool known = output.position < std::ssize(history.split);
      if (!evaluation.own ||
          (known && history.split[static_cast<std::size_t>(output.position)].part == evaluation.part))
        continue;
      throw Error(Failure::usage,
                  fmt::format("{} tells of image {} in the part `{}`; {}", printable((folder / kRecordFile).string()),
                              output.position, printable(evaluation.part.substr(0, 40)),
                              known ? fmt::format("in {} it is in another one", kSplitFile)
                                    : fmt::format("{} has {}", kSplitFile, counted(history.split.size(), "image"))));
    }
}

}  // namespace

void begin_record(const fs::path& folder, const RunRecord& run, const std::vector<SplitRecord>& split) {
  write_rows(folder / kSplitFile, split);
  write_file_atomically(folder / kRecordFile, to_line(to_json(run)));
}

void record_continuation(const fs::path& folder, std::int64_t epochs) {
  append(folder, {{"event", "continue"}, {"epochs", epochs}});
}

void record(const fs::path& folder, const EpochRecord& epoch) { append(folder, to_json(epoch)); }

void record(const fs::path& folder, const EvaluationRecord& evaluation, std::int64_t number) {
  const std::string file = evaluation.outputs.empty() ? "" : outputs_file(number);
  if (!file.empty()) write_rows(folder / file, evaluation.outputs);
  append(folder, to_json(evaluation, number, file));
}

void record(const fs::path& folder, const RunEnd& end) { append(folder, to_json(end)); }

void record(const fs::path& folder, const RunWords& words) { append(folder, to_json(words)); }

void write_record(const fs::path& folder, const RunHistory& history, Durability durability) {
  std::string lines = to_line(to_json(history.run));
  for (const EpochRecord& epoch : history.epochs) lines += to_line(to_json(epoch));
  std::int64_t number = 0;
  for (const EvaluationRecord& evaluation : history.evaluations) {
    ++number;
    const std::string file = evaluation.outputs.empty() ? "" : outputs_file(number);
    if (!file.empty()) write_rows(folder / file, evaluation.outputs, durability);
    lines += to_line(to_json(evaluation, number, file));
  }
  if (history.end) lines += to_line(to_json(*history.end));
  if (history.words != RunWords{}) lines += to_line(to_json(history.words));
  write_rows(folder / kSplitFile, history.split, durability);
  write_file_atomically(folder / kRecordFile, lines, durability);
}

bool has_record(const fs::path& folder) {
  std::error_code code;
  const fs::path file = folder / kRecordFile;
  return fs::is_regular_file(fs::symlink_status(file, code)) && fs::file_size(file, code) > 0;
}

bool is_a_records_folder(const fs::path& folder) {
  std::error_code code;
  return fs::symlink_status(folder / kRecordFile, code).type() != fs::file_type::not_found;
}

RunHistory read_record(const fs::path& folder) {
  Reading reading(folder);
  read_lines(folder / kRecordFile, LastLine::may_be_cut_off, [&](const Json& json) { reading.take(json); });
  RunHistory history = std::move(reading).history();
  if (history.run.name.empty())
    throw Error(Failure::usage,
                fmt::format("{} does not say which run it is of", printable((folder / kRecordFile).string())));
  read_lines(folder / kSplitFile, LastLine::is_whole, [&](const Json& json) {
    history.split.push_back(split_of(json));
    check(history.split.back(), history.run.classes);
  });
  check_positions(history, folder);
  return history;
}

bool only_begun(const fs::path& folder, const std::string& identity) {
  int events = 0;
  bool is_its_own = false;
  try {
    read_lines(folder / kRecordFile, LastLine::is_whole, [&](const Json& json) {
      ++events;
      is_its_own = json.at("event") == "begin" && run_of(json).identity == identity;
    });
  } catch (const Error&) {
    return false;  // whoever reads the whole of it is told
  }
  return events == 1 && is_its_own;
}

std::string when_begun(const fs::path& folder) {
  std::string started;
  try {
    read_lines(folder / kRecordFile, LastLine::may_be_cut_off, [&](const Json& json) {
      if (started.empty() && json.at("event") == "begin") started = run_of(json).started;
    });
  } catch (const Error&) {
    return {};  // reading the whole of it tells
  }
  return started;
}

}  // namespace rxrun
