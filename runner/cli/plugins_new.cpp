// rxrun plugins new NAME: a plugin that builds and passes its test at once, to be changed into one's own.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <initializer_list>
#include <iostream>
#include <system_error>

#include "cli/commands.h"
#include "cli/plugin_template.h"
#include "diagnostics/render.h"
#include "files/files.h"
#include "plugin/catalog.h"
#include "plugin/locations.h"

namespace rxrun {
namespace fs = std::filesystem;
namespace {

bool is_one_of(const std::string& name, std::initializer_list<const char*> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Why a name of the right letters will not do; empty: it does.
std::string fault_of(const std::string& name) {
  if (is_one_of(name, {"all", "clean", "help", "install", "package", "test"})) return "CMake has a target of that name";
  if (is_one_of(name,
                {"alignas",     "alignof",   "and",        "and_eq",    "asm",      "auto",         "bitand",
                 "bitor",       "bool",      "break",      "case",      "catch",    "char",         "char8_t",
                 "char16_t",    "char32_t",  "class",      "compl",     "concept",  "const",        "consteval",
                 "constexpr",   "constinit", "const_cast", "continue",  "co_await", "co_return",    "co_yield",
                 "decltype",    "default",   "delete",     "do",        "double",   "dynamic_cast", "else",
                 "enum",        "explicit",  "export",     "extern",    "false",    "float",        "for",
                 "friend",      "goto",      "if",         "inline",    "int",      "long",         "mutable",
                 "namespace",   "new",       "noexcept",   "not",       "not_eq",   "nullptr",      "operator",
                 "or",          "or_eq",     "private",    "protected", "public",   "register",     "reinterpret_cast",
                 "requires",    "return",    "short",      "signed",    "sizeof",   "static",       "static_assert",
                 "static_cast", "struct",    "switch",     "template",  "this",     "thread_local", "throw",
                 "true",        "try",       "typedef",    "typeid",    "typename", "union",        "unsigned",
                 "using",       "virtual",   "void",       "volatile",  "wchar_t",  "while",        "xor",
                 "xor_eq"}))
    return "it is a keyword of C++";
  std::error_code ignored;
  if (fs::exists(libexec_folder() / "plugins" / ("lib" + name + ".so"), ignored))
    return "rxrun has a plugin of that name, which would be taken for it";
  return {};
}

void check_name(const std::string& name) {
  const bool fits = !name.empty() && name.size() <= 60 && name[0] >= 'a' && name[0] <= 'z' &&
                    std::all_of(name.begin(), name.end(),
                                [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
  const std::string fault = fits ? fault_of(name) : "";
  if (!fits || !fault.empty()) {
    throw Error(Failure::usage,
                "`" + printable(name) + "` cannot be the name of a plugin" + (fault.empty() ? "" : ": " + fault),
                fits ? "choose another" : "use lower-case letters, digits and underscores, beginning with a letter");
  }
}

void write_new(const fs::path& folder, const std::string& file, const std::string& text) {
  if (fs::exists(folder / file)) {
    throw Error(Failure::usage, "`" + printable((folder / file).string()) + "` already exists",
                "choose another folder with --folder");
  }
  write_file_atomically(folder / file, text);
}

}  // namespace

int run_plugins_new(const PluginsNewOptions& options) {
  check_name(options.name);
  const fs::path folder = options.folder.empty() ? fs::path(options.name) : options.folder;
  std::error_code error;
  if (fs::exists(folder, error) && !fs::is_empty(folder, error)) {
    throw Error(Failure::usage, "folder `" + printable(folder.string()) + "` is not empty",
                "choose another one with --folder");
  }
  fs::create_directories(folder, error);
  if (error)
    throw Error(Failure::usage, "folder `" + printable(folder.string()) + "` cannot be created: " + error.message());
  for (const TemplateFile& file : plugin_template(options.name, package_folder()))
    write_new(folder, file.name, file.text);
  const std::string at = printable(folder.string());
  std::cout << fmt::format(
      "{0}/: a plugin with the layer `{1}_scale`. Build it and run its tests:\n\n"
      "  cmake -S {0} -B {0}/build && cmake --build {0}/build && ctest --test-dir {0}/build\n",
      at, options.name);
  for (const PluginInfo& plugin : installed_plugins())
    for (const LayerInfo& layer : plugin.layers)
      if (layer.name == options.name)
        std::cerr << fmt::format(
            "note: the plugin {} has a layer `{}`: a layer of that name in this one could not be used beside it\n",
            plugin.manifest.plugin, options.name);
  return 0;
}

}  // namespace rxrun
