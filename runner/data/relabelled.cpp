#include "data/relabelled.h"

#include <utility>

namespace rxrun {
namespace {

class Relabelled final : public Source {
 public:
  Relabelled(std::shared_ptr<const Source> source, std::vector<std::string> classes,
             const std::vector<std::int64_t>& labels)
      : source_(std::move(source)) {
    listing_ = source_->listing();
    listing_.classes = std::move(classes);
    for (Sample& sample : listing_.samples) sample.label = labels.at(static_cast<std::size_t>(sample.label));
  }
  Image decode(std::size_t index, std::string* digest) const override { return source_->decode(index, digest); }
  std::string digest(std::size_t index) const override { return source_->digest(index); }
  std::string recipe() const override { return source_->recipe(); }
  bool holds_pixels() const override { return source_->holds_pixels(); }

 private:
  std::shared_ptr<const Source> source_;
};

}  // namespace

std::shared_ptr<const Source> relabelled(std::shared_ptr<const Source> source, std::vector<std::string> classes,
                                         const std::vector<std::int64_t>& labels) {
  return std::make_shared<Relabelled>(std::move(source), std::move(classes), labels);
}

}  // namespace rxrun
