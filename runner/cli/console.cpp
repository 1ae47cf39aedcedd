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
#include <utility>

#include "diagnostics/render.h"
#include "diagnostics/utf8.h"

namespace rxrun {
namespace {

int terminal_width() {
  winsize size{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

// What fits into `width` columns: a longer line would wrap, and be more lines than are erased later.
std::string cut(const std::string& line, std::size_t width) {
  std::size_t at = 0;
  for (std::size_t column = 0; at < line.size();) {
    const CodePoint c = decode_utf8(line, at);
    column += static_cast<std::size_t>(display_width(c.value));
    if (column > width) break;
    at += c.size;
  }
  return line.substr(0, at);
}

}  // namespace

struct Console::State {
  bool json = false;
  bool quiet = false;
  bool terminal = false;
  bool color = false;
  std::vector<std::pair<Severity, std::string>> early;  // warnings and notes from before there was a file
  std::size_t drawn = 0;                                // lines of progress at the end of the terminal
  std::shared_ptr<spdlog::logger> file;

  void log(Severity severity, const std::string& text) const {
    file->log(severity == Severity::note ? spdlog::level::info : spdlog::level::warn, text);
  }
  void print(std::ostream& stream, const std::string& text) {
    erase();
    stream << text << std::endl;
  }
  void erase() {
    if (drawn == 0) return;
    std::string codes = "\r\x1b[K";
    for (; drawn > 1; --drawn) codes += "\x1b[1A\x1b[K";
    std::cerr << codes << std::flush;
    drawn = 0;
  }
};

Console::Console(const CommonOptions& options) : state_(std::make_unique<State>()) {
  state_->json = options.format == TableFormat::json;
  state_->quiet = options.quiet;
  state_->color = use_color(options, STDERR_FILENO);
  state_->terminal = isatty(STDERR_FILENO) != 0 && !options.quiet && !state_->json;
}

Console::~Console() { state_->erase(); }

void Console::log_to(const std::filesystem::path& file) {
  try {
    state_->file =
        std::make_shared<spdlog::logger>("run", std::make_shared<spdlog::sinks::basic_file_sink_mt>(file.string()));
  } catch (const spdlog::spdlog_ex& error) {
    throw Error(Failure::usage, fmt::format("cannot write the log: {}", error.what()));
  }
  state_->file->set_pattern("%Y-%m-%d %H:%M:%S.%e %^%l%$ %v");
  state_->file->flush_on(spdlog::level::info);
  for (const auto& [severity, text] : std::exchange(state_->early, {})) state_->log(severity, text);
}

void Console::line(const std::string& text) {
  if (state_->file) state_->file->info(text);
  if (!state_->quiet && !state_->json) state_->print(std::cout, text);
}

void Console::warning(const std::string& text) {
  // Not one initializer: g++ 12 wrongly finds its members uninitialized then.
  Diagnostic warning;
  warning.severity = Severity::warning;
  warning.message = text;
  warnings({&warning, 1});
}

void Console::warnings(std::span<const Diagnostic> diagnostics) {
  const auto shown = [](const Diagnostic& diagnostic, bool color) {
    std::string text = render(diagnostic, {.color = color});
    text.pop_back();  // the end of the line
    return text;
  };
  for (const Diagnostic& diagnostic : diagnostics) {
    Diagnostic nameless =
        diagnostic;  // the advice may name images or groups (data/fault.h), and a log is sent to others
    nameless.advice.clear();
    if (state_->file)
      state_->log(diagnostic.severity, shown(nameless, false));
    else
      state_->early.emplace_back(diagnostic.severity, shown(nameless, false));
    if (diagnostic.severity == Severity::note && state_->quiet) continue;
    state_->print(std::cerr, shown(diagnostic, state_->color));
  }
}

void Console::result(const std::string& text, const std::string& unless_quiet) {
  if (state_->file) state_->file->info(text + unless_quiet);
  if (!state_->json) state_->print(std::cout, state_->quiet ? text : text + unless_quiet);
}

void Console::event(const nlohmann::json& event) {
  if (state_->json) state_->print(std::cout, event.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

bool Console::draws() const { return state_->terminal; }

void Console::progress(const std::string& label, double fraction, const std::string& detail) {
  if (!state_->terminal) return;
  fraction = std::isfinite(fraction) ? std::clamp(fraction, 0.0, 1.0) : 0.0;
  const int width = std::clamp(terminal_width() - static_cast<int>(label.size() + detail.size()) - 12, 5, 40);
  const int filled = static_cast<int>(std::lround(fraction * width));
  std::string bar;
  for (int i = 0; i < width; ++i) bar += i < filled ? "█" : "░";
  state_->erase();
  std::cerr << fmt::format("{} {} {:3.0f} % {}", label, bar, 100 * fraction, detail) << std::flush;
  state_->drawn = 1;
}

void Console::live(const std::vector<std::string>& lines) {
  if (!state_->terminal) return;
  const auto width = static_cast<std::size_t>(std::max(1, terminal_width() - 1));
  std::string text;
  for (const std::string& line : lines) {
    if (!text.empty()) text += '\n';
    text += cut(line, width);
  }
  state_->erase();
  std::cerr << text << std::flush;
  state_->drawn = lines.size();
}

void Console::clear_progress() { state_->erase(); }

}  // namespace rxrun
