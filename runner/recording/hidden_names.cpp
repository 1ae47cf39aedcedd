#include "recording/hidden_names.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <functional>

#include "diagnostics/diagnostic.h"
#include "diagnostics/render.h"
#include "diagnostics/shell_word.h"
#include "experiment/places.h"
#include "experiment/read.h"
#include "files/descriptor.h"
#include "files/files.h"
#include "files/folder.h"

namespace rxrun {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kDigits = 20;  // 80 bits: of a million names no two are likely to share a pseudonym
constexpr const char* kHiddenFolder = "/hidden";

// Values of an experiment that are paths, or patterns of them, in its tree and in a run's parameters.
constexpr std::array kPaths = {"data.path", "data.include", "data.exclude", "training.initial_weights.file"};
constexpr const char* kPlugins = "network.plugins";

std::string shown(const fs::path& path) { return printable(path.string()); }

std::string in_hex(const std::array<unsigned char, kKeyBytes>& bytes) {
  std::string digits;
  for (const unsigned char byte : bytes) digits += fmt::format("{:02x}", byte);
  return digits;
}

// Written under another name, and given its own only if nobody else was faster.
void make_key(const fs::path& file) {
  const auto fail = [&](int cause) {
    throw Error(Failure::usage, fmt::format("cannot make the key {}: {}", shown(file), std::strerror(cause)),
                "name another file with --key");
  };
  std::array<unsigned char, kKeyBytes> bytes{};
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) fail(errno);
  const std::string text = in_hex(bytes) + "\n";
  const fs::path fresh = temporary_beside(file);
  const Descriptor descriptor(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!descriptor) fail(errno);
  errno = EIO;  // of a write that is cut short
  const bool written = ::write(descriptor.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                       ::fsync(descriptor.get()) == 0 && (::link(fresh.c_str(), file.c_str()) == 0 || errno == EEXIST);
  const int cause = errno;
  ::unlink(fresh.c_str());
  if (!written) fail(cause);
  sync_folder(file.has_parent_path() ? file.parent_path() : fs::path("."));
}

// A list of texts becomes one of as many.
void hide_texts(Node& node, const std::function<std::string(const std::string&)>& hidden) {
  if (node.kind == Node::Kind::string) node.text = hidden(node.text);
  for (Node& item : node.items) hide_texts(item, hidden);
}

}  // namespace

PseudonymKey pseudonym_key(const fs::path& file) {
  PseudonymKey key;
  std::error_code code;
  if (fs::symlink_status(file, code).type() == fs::file_type::not_found) {
    make_key(file);
    key.made = true;
  }
  const std::string text = read_file(file, 2 * kKeyBytes + 2);
  struct stat status {};
  if (::stat(file.c_str(), &status) == 0 && (status.st_mode & 0077) != 0)
    throw Error(Failure::usage, fmt::format("the key {} can be read by others, who can tell names by it", shown(file)),
                fmt::format("chmod 600 {}", printable(shell_word(file.string()))));
  key.bytes = text.substr(0, text.find('\n'));
  if (key.bytes.size() != 2 * kKeyBytes || key.bytes.find_first_not_of("0123456789abcdef") != std::string::npos)
    throw Error(Failure::usage,
                fmt::format("{} is no key of pseudonyms: expected {} hexadecimal digits", shown(file), 2 * kKeyBytes),
                "name a file that is not there yet, and a key is made in it");
  return key;
}

HiddenNames HiddenNames::pseudonyms(const PseudonymKey& key) {
  HiddenNames names;
  names.way_ = Way::pseudonyms;
  names.key_ = key.bytes;
  return names;
}

HiddenNames HiddenNames::none() {
  HiddenNames names;
  names.way_ = Way::none;
  return names;
}

std::string HiddenNames::operator()(const std::string& name) const {
  if (way_ == Way::as_they_are || name.empty()) return name;
  return way_ == Way::none ? std::string() : hmac_sha256_hex(key_, name).substr(0, kDigits);
}

// A path that leads nowhere, so that whoever needs what was there is told.
std::string HiddenNames::place(const std::string& path) const {
  const std::string name = (*this)(path);
  return name.empty() ? kHiddenFolder : fmt::format("{}/{}", kHiddenFolder, name);
}

void HiddenNames::hide_in_experiment(RunRecord& run) const {
  Diagnostics faults;
  ReadExperiment read = read_resolved(run.resolved, "the stored experiment", faults);
  if (faults.has_errors())
    throw Error(
        Failure::usage,
        fmt::format("the names in run {} cannot be hidden: its stored experiment cannot be read", printable(run.name)),
        in_one_line(faults.list().front()));
  const auto hide = [&](const std::string& path, const std::function<std::string(const std::string&)>& hidden) {
    if (const Node* node = find_value(read.tree, path)) hide_texts(const_cast<Node&>(*node), hidden);
  };
  for (const char* path : kPaths) hide(path, [&](const std::string& text) { return place(text); });
  // By its name the receiver may have it too.
  hide(kPlugins, [&](const std::string& plugin) {
    return is_library_path(plugin) ? fs::path(plugin).filename().string() : plugin;
  });
  run.resolved = write_experiment(read.tree);
  for (const auto& [name, value] : flatten(read.tree))
    if (name == kPlugins || std::find(kPaths.begin(), kPaths.end(), name) != kPaths.end())
      for (auto& [param, old] : run.params)
        if (param == name) old = value;
}

void HiddenNames::hide_in(RunHistory& history) const {
  if (!hides()) return;
  for (SplitRecord& row : history.split) {
    row.sample = (*this)(row.sample);
    row.group = (*this)(row.group);
  }
  for (EvaluationRecord& evaluation : history.evaluations) {
    evaluation.data = place(evaluation.data);
    for (OutputRecord& output : evaluation.outputs) output.sample = (*this)(output.sample);
  }
  hide_in_experiment(history.run);
  history.run.file = fs::path(history.run.file).filename().string();
  history.run.command.clear();
  history.words.note.clear();
  if (history.end && history.end->status == RunStatus::failed && !history.end->reason.empty())
    history.end->reason = "not told: it may name images";
}

bool HiddenNames::may_hand_on(const fs::path& file) {
  constexpr std::array names = {"best.safetensors", "last.safetensors", "last-previous.safetensors",
                                "preprocessing.json"};
  return std::find(names.begin(), names.end(), file) != names.end();
}

}  // namespace rxrun
