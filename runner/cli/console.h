// What a command shows while it works: lines, a progress bar on a terminal, JSON events; and the run's log file.
#pragma once

#include <filesystem>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <vector>

#include "cli/options.h"
#include "diagnostics/diagnostic.h"

namespace rxrun {

class Console {
 public:
  explicit Console(const CommonOptions& options);
  ~Console();
  Console(const Console&) = delete;
  Console& operator=(const Console&) = delete;

  // Every line goes there too, with its time; warnings told before are written first. Of warnings their
  // advice stays out of it, which may name images or groups.
  void log_to(const std::filesystem::path& file);

  void line(const std::string& text);     // unless quiet or JSON
  void warning(const std::string& text);  // always, on standard error; foreign text is made safe here
  // Each with its place in a file, as diagnostics/render.h shows it; notes not when quiet.
  void warnings(std::span<const Diagnostic> diagnostics);
  void result(const std::string& text,
              const std::string& unless_quiet = {});  // `text` also when quiet, the rest of its line not
  void event(const nlohmann::json& event);            // one line of JSON, only with --json

  bool draws() const;  // whether the following show anything: on a terminal, unless quiet or JSON
  // Draws over the last line of a terminal; elsewhere it does nothing. `fraction` in [0, 1].
  void progress(const std::string& label, double fraction, const std::string& detail);
  // The same with several lines, each cut to the terminal's width.
  void live(const std::vector<std::string>& lines);
  void clear_progress();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace rxrun
