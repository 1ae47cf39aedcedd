#include "timing/measurement.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "diagnostics/diagnostic.h"
#include "diagnostics/render.h"

namespace rxrun {
namespace {

double median_of(std::vector<double> values) {
  const auto half = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), half, values.end());
  if (values.size() % 2 == 1) return *half;
  return (*std::max_element(values.begin(), half) + *half) / 2.0;
}

void check_same(const std::string& what, const std::string& before, const std::string& now) {
  if (before != now)
    throw Error(Failure::usage, fmt::format("the baseline was measured with {} {}, this with {}", what, before, now),
                "measure the same thing, or make a new baseline");
}

class RegressionSearch {
 public:
  RegressionSearch(double threshold, double step) : threshold_(threshold), step_(step) {}

  void add(const std::string& part, const Timing& before, const Timing& now) {
    constexpr double errors = 4.0, share_of_step = 1e-3;
    const double slower = now.seconds - before.seconds;
    if (slower > threshold_ * before.seconds && slower > errors * std::hypot(before.error, now.error) &&
        slower > share_of_step * step_)
      found_.push_back({part, before.seconds, now.seconds});
  }

  std::vector<Regression> take() { return std::move(found_); }

 private:
  double threshold_, step_;
  std::vector<Regression> found_;
};

std::string label_of(const PartTime& part) { return part.path.empty() ? part.name : part.path; }

Timing of_a_batch(const Measurement& measurement) {
  return {static_cast<double>(measurement.batch) / measurement.loader->images_per_second, 0.0};
}

}  // namespace

Timing timing_of(std::vector<double> seconds) {
  if (seconds.empty()) return {};
  const double median = median_of(seconds);
  const double count = static_cast<double>(seconds.size());
  for (double& value : seconds) value = std::abs(value - median);
  // 1.4826 makes the deviation of a normal distribution of it, 1.2533 its median's error of that.
  return {median, 1.4826 * median_of(std::move(seconds)) * 1.2533 / std::sqrt(count)};
}

Table table_of(const Measurement& measurement, int depth) {
  Table table;
  table.columns = {"layer", "path", "measured", "forward_ms", "backward_ms", "share", "gflops", "of_peak"};
  for (const PartTime& part : measurement.parts) {
    if (depth > 0 && part.depth > depth) continue;
    const double seconds = part.forward.seconds + part.backward.seconds;
    const double flop = static_cast<double>(part.forward_flop + part.backward_flop);
    const bool counts = flop > 0.0 && seconds > 0.0;
    table.rows.push_back({part.name, part.path.empty() ? Value() : Value(part.path),
                          part.alone ? "alone" : "in the step", 1e3 * part.forward.seconds, 1e3 * part.backward.seconds,
                          seconds / measurement.step.seconds, counts ? Value(flop / seconds * 1e-9) : Value(),
                          counts ? Value(flop / seconds / measurement.peak_flops) : Value()});
  }
  return table;
}

std::vector<Regression> regressions(const Measurement& before, const Measurement& now, double threshold) {
  check_same("input", fmt::format("{}", fmt::join(before.input, "×")), fmt::format("{}", fmt::join(now.input, "×")));
  check_same("batch", std::to_string(before.batch), std::to_string(now.batch));
  check_same("precision", before.precision, now.precision);
  check_same("device", before.device, now.device);
  check_same("threads", std::to_string(before.threads), std::to_string(now.threads));

  RegressionSearch search(threshold, before.step.seconds);
  search.add("the step", before.step, now.step);
  std::map<std::string, const PartTime*> earlier;
  for (const PartTime& part : before.parts) earlier[label_of(part)] = &part;
  for (const PartTime& part : now.parts) {
    const auto found = earlier.find(label_of(part));
    if (found == earlier.end()) continue;
    search.add(label_of(part) + " forward", found->second->forward, part.forward);
    search.add(label_of(part) + " backward", found->second->backward, part.backward);
  }
  if (before.loader && now.loader && before.loader->threads == now.loader->threads)
    search.add("the loader", of_a_batch(before), of_a_batch(now));
  return search.take();
}

Table table_of(const std::vector<Regression>& regressions) {
  Table table;
  table.columns = {"slower", "before_ms", "now_ms", "ratio"};
  for (const Regression& one : regressions)
    table.rows.push_back({one.part, 1e3 * one.before, 1e3 * one.now, one.now / one.before});
  return table;
}

Comparison compare(const Measurement& before, const Measurement& now, double threshold) {
  Comparison comparison{.slower = regressions(before, now, threshold), .verdict = {}, .remarks = {}};
  const std::size_t parts = comparison.slower.size();
  comparison.verdict =
      fmt::format("{} slower by more than {:g} % plus the noise; the step takes {:.3f} of the baseline's time",
                  parts == 0 ? "Nothing is" : counted(parts, "part") + (parts == 1 ? " is" : " are"), 100.0 * threshold,
                  now.step.seconds / before.step.seconds);
  if (before.cpu != now.cpu)
    comparison.remarks.push_back(
        fmt::format("the baseline was measured on another processor, {}", printable(before.cpu)));
  const double faster = now.peak_flops / before.peak_flops - 1.0;
  if (faster < -0.05 || faster > 0.05)
    comparison.remarks.push_back(
        fmt::format("the machine itself is {:.0f} % {} than for the baseline, judging by what a large matrix product "
                    "achieves",
                    100.0 * std::abs(faster), faster < 0.0 ? "slower" : "faster"));
  return comparison;
}

}  // namespace rxrun
