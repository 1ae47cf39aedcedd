#include "cli/plan_report.h"

#include <fmt/format.h>

#include "cli/run_report.h"
#include "diagnostics/render.h"

namespace rxrun {

void PlanReporter::on_reading(const LoadProgress& progress) { show_reading(console_, progress); }

void PlanReporter::on_point(std::size_t done, std::size_t points) {
  console_.progress("planning", static_cast<double>(done) / static_cast<double>(points), "");
}

void PlanReporter::on_unusable(const std::string& reason) {
  console_.line(fmt::format("A chosen point cannot be built, so another is chosen: {}", printable(reason)));
}

void PlanReporter::on_exhausted(std::size_t points) {
  console_.line(fmt::format("The search has tried every possible point, {}", counted(points, "point")));
}

void PlanReporter::on_measuring() {
  console_.line(
      "Measuring how many processes at a time give the most images per second on this machine (once; --jobs N skips "
      "it)");
}

void PlanReporter::on_measured(int jobs, int threads, double images_per_second) {
  console_.line(fmt::format("  {} of {}: {:.0f} images/s", jobs, counted(threads, "thread"), images_per_second));
}

}  // namespace rxrun
