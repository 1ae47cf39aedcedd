// Runs for somebody who is not to know whose images they are of.
#pragma once

#include <filesystem>
#include <string>

#include "recording/run_record.h"

namespace rxrun {

// A key of pseudonyms: 32 random bytes, as 64 hexadecimal digits in a file that only its owner may read. Made where it
// is not there; `made` says so. Throws Error for a file that is no such key, or that others can read.
struct PseudonymKey {
  std::string bytes;  // these digits
  bool made = false;
};
PseudonymKey pseudonym_key(const std::filesystem::path& file);

// What becomes of the names of images and groups, and of the places where files lay.
class HiddenNames {
 public:
  // They stay.
  HiddenNames() = default;
  // HMAC-SHA-256 of each by this key, 20 hexadecimal digits: equal names have equal pseudonyms, in every run and
  // export.
  static HiddenNames pseudonyms(const PseudonymKey& key);
  // They are left out.
  static HiddenNames none();

  bool hides() const { return way_ != Way::as_they_are; }
  // An empty name stays empty.
  std::string operator()(const std::string& name) const;

  // In all that is told of a run: its split and outputs, the places of its data and files, the command as typed, the
  // reason of a failure, its note. What else the user has named stays: the run, the experiment, its classes and tags.
  // Throws Error where the stored experiment cannot be read.
  void hide_in(RunHistory& history) const;
  // Whether a file of a run's folder names no image: weights, and what they need. Others may be anybody's.
  static bool may_hand_on(const std::filesystem::path& file);

 private:
  enum class Way { as_they_are, pseudonyms, none };
  std::string place(const std::string& path) const;
  void hide_in_experiment(RunRecord& run) const;

  Way way_ = Way::as_they_are;
  std::string key_;
};

}  // namespace rxrun
