// How a summary looks: torchsummary's table, and JSON.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "diagnostics/render.h"
#include "network/summary.h"

namespace rxrun {
namespace {

std::string with_commas(std::int64_t number) {
  std::string digits = std::to_string(number);
  for (std::ptrdiff_t at = std::ptrdiff_t(digits.size()) - 3; at > (number < 0 ? 1 : 0); at -= 3) {
    digits.insert(std::size_t(at), 1, ',');
  }
  return digits;
}

std::string batch_shape(const Shape& shape) { return fmt::format("[-1, {}]", fmt::join(shape, ", ")); }

double mebibytes(std::int64_t bytes) { return double(bytes) / (1024.0 * 1024.0); }

}  // namespace

std::string render_table(const Summary& summary, const StepAssumptions& step, int depth) {
  const std::vector<SummaryRow> rows = fold(summary.rows, depth);
  std::size_t name_width = 25;
  for (const SummaryRow& row : rows) name_width = std::max(name_width, printable(row.name).size());
  const std::string thin = std::string(name_width + 61, '-') + "\n";
  const std::string thick = std::string(name_width + 61, '=') + "\n";

  const auto line = [&](const std::string& name, const std::string& shape, const std::string& parameters,
                        const std::string& multiply_adds) {
    return fmt::format("{:>{}}  {:>24} {:>15} {:>17}\n", name, name_width, shape, parameters, multiply_adds);
  };
  std::string text = thin + line("Layer (type)", "Output Shape", "Param #", "Mult-Adds") + thick;
  for (const SummaryRow& row : rows) {
    text +=
        line(printable(row.name), batch_shape(row.output), with_commas(row.parameters), with_commas(row.multiply_adds));
  }
  const std::int64_t total = summary.input_bytes + summary.forward_backward_bytes + summary.parameter_bytes;
  text += thick;
  text += fmt::format("Total params: {}\n", with_commas(summary.parameters));
  // As torchsummary has them; every parameter is trained, and what is not trained is a buffer.
  text += fmt::format("Trainable params: {}\n", with_commas(summary.parameters));
  text += "Non-trainable params: 0\n";
  text += fmt::format("Mult-adds (G): {:.3f}\n", double(summary.multiply_adds) / 1e9);
  text += thin;
  text += fmt::format("Input size (MB): {:.2f}\n", mebibytes(summary.input_bytes));
  text += fmt::format("Forward/backward pass size (MB): {:.2f}\n", mebibytes(summary.forward_backward_bytes));
  text += fmt::format("Params size (MB): {:.2f}\n", mebibytes(summary.parameter_bytes));
  text += fmt::format("Estimated Total Size (MB): {:.2f}\n", mebibytes(total));
  text += fmt::format("Training step, batch {} (MB, estimate): {:.0f}\n", step.batch, mebibytes(summary.step_bytes));
  return text + thin;
}

std::string render_json(const Summary& summary, const StepAssumptions& step, int depth) {
  nlohmann::ordered_json layers = nlohmann::ordered_json::array();
  for (const SummaryRow& row : fold(summary.rows, depth)) {
    layers.push_back({{"name", printable(row.name)},
                      {"path", printable(row.path)},
                      {"depth", row.depth},
                      {"output", row.output},
                      {"parameters", row.parameters},
                      {"multiply_adds", row.multiply_adds}});
  }
  const nlohmann::ordered_json json = {{"input", summary.input},
                                       {"layers", layers},
                                       {"parameters", summary.parameters},
                                       {"trainable_parameters", summary.parameters},
                                       {"buffers", summary.buffers},
                                       {"multiply_adds", summary.multiply_adds},
                                       {"input_bytes", summary.input_bytes},
                                       {"forward_backward_bytes", summary.forward_backward_bytes},
                                       {"parameter_bytes", summary.parameter_bytes},
                                       {"batch", step.batch},
                                       {"optimizer_slots", step.optimizer_slots},
                                       {"activation_bytes", step.activation_bytes},
                                       {"step_bytes", summary.step_bytes}};
  return json.dump(2);
}

}  // namespace rxrun
