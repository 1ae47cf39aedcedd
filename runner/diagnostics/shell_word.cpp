#include "diagnostics/shell_word.h"

#include <algorithm>
#include <cctype>
#include <string_view>

namespace rxrun {

std::string shell_word(const std::string& word) {
  const auto plain = [](unsigned char c) {
    return std::isalnum(c) || std::string_view("_./=,:+-").find(static_cast<char>(c)) != std::string_view::npos;
  };
  if (!word.empty() && std::all_of(word.begin(), word.end(), plain)) return word;
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

std::string shell_command(const std::vector<std::string>& words) {
  std::string command;
  for (const std::string& word : words) command.append(command.empty() ? "" : " ").append(shell_word(word));
  return command;
}

}  // namespace rxrun
