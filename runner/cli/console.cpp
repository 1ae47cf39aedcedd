#include "cli/console.h"

#include <fmt/format.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/spdlog.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <nlohmann/json.hpp>

namespace rxrun {
namespace {

int terminal_width() {
  winsize size{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

}  // namespace

struct Console::State {
  bool json = false;
  bool quiet = false;
  bool terminal = false;
  bool bar_drawn = false;
  std::shared_ptr<spdlog::logger> file;

  void print(std::ostream& stream, const std::string& text) {
    erase_bar();
    stream << text << std::endl;
  }
  void erase_bar() {
    if (!bar_drawn) return;
    std::cerr << "\r\x1b[K" << std::flush;
    bar_drawn = false;
  }
};

Console::Console(const CommonOptions& options) : state_(std::make_unique<State>()) {
  state_->json = options.format == TableFormat::json;
  state_->quiet = options.quiet;
  state_->terminal = isatty(STDERR_FILENO) != 0 && !options.quiet && !state_->json;
}

Console::~Console() { state_->erase_bar(); }

void Console::log_to(const std::filesystem::path& file) {
  try {
    state_->file = std::make_shared<spdlog::logger>("run", std::make_shared<spdlog::sinks::basic_file_sink_mt>(file.string()));
  } catch (const spdlog::spdlog_ex& error) {
    throw Error(Failure::usage, fmt::format("cannot write the log: {}", error.what()));
  }
  state_->file->set_pattern("%Y-%m-%d %H:%M:%S.%e %^%l%$ %v");
  state_->file->flush_on(spdlog::level::info);
}

void Console::line(const std::string& text) {
  if (state_->file) state_->file->info(text);
  if (!state_->quiet && !state_->json) state_->print(std::cout, text);
}

void Console::warning(const std::string& text) {
  if (state_->file) state_->file->warn(text);
  state_->print(std::cerr, "warning: " + text);
}

void Console::result(const std::string& text) {
  if (state_->file) state_->file->info(text);
  if (!state_->json) state_->print(std::cout, text);
}

void Console::event(const nlohmann::json& event) {
  if (state_->json) state_->print(std::cout, event.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

void Console::progress(const std::string& label, double fraction, const std::string& detail) {
  if (!state_->terminal) return;
  fraction = std::isfinite(fraction) ? std::clamp(fraction, 0.0, 1.0) : 0.0;
  const int width = std::clamp(terminal_width() - static_cast<int>(label.size() + detail.size()) - 12, 5, 40);
  const int filled = static_cast<int>(std::lround(fraction * width));
  std::string bar;
  for (int i = 0; i < width; ++i) bar += i < filled ? "█" : "░";
  std::cerr << fmt::format("\r\x1b[K{} {} {:3.0f} % {}", label, bar, 100 * fraction, detail) << std::flush;
  state_->bar_drawn = true;
}

void Console::clear_progress() { state_->erase_bar(); }

std::string format_duration(double seconds) {
  if (!std::isfinite(seconds) || seconds < 0) return "?";
  const auto whole = static_cast<std::int64_t>(std::llround(seconds));
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{}:{:02}", whole / 60, whole % 60);
  return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

}  // namespace rxrun
