#include "training/checkpoint.h"

#include <torch/types.h>

#include <charconv>
#include <cstring>
#include <functional>

#include "diagnostics/render.h"
#include "network/forward.h"
#include "training/outputs.h"
#include "training/safetensors.h"
#include "training/stored_tensors.h"

namespace rxrun {
namespace {

constexpr const char* optimizer_prefix = "optimizer/";
constexpr const char* average_prefix = "average/";
constexpr std::string_view outputs_prefix = "outputs/";

NamedTensors network_tensors(const Network& network) {
  NamedTensors tensors;
  for (const NamedTensor& tensor : named_tensors(network)) tensors.emplace_back(tensor.name, tensor.tensor);
  return tensors;
}

// Tensors as they are stored, with the memory that the records point into.
class Record {
 public:
  void add(const std::string& prefix, const NamedTensors& tensors) {
    for (const auto& [name, tensor] : tensors) {
      const at::ScalarType type =
          tensor.scalar_type() == at::kLong || tensor.scalar_type() == at::kDouble ? tensor.scalar_type() : at::kFloat;
      const at::Tensor stored = tensor.detach().to(at::kCPU, type).contiguous();
      kept_.push_back(stored);
      records_.push_back({prefix + name,
                          type == at::kLong     ? StoredType::i64
                          : type == at::kDouble ? StoredType::f64
                                                : StoredType::f32,
                          stored.sizes().vec(), stored.data_ptr(),
                          static_cast<std::size_t>(stored.numel()) * stored.element_size()});
    }
  }
  const std::vector<TensorToStore>& records() const { return records_; }

 private:
  std::vector<at::Tensor> kept_;
  std::vector<TensorToStore> records_;
};

// Checks names and shapes of all before it changes one, so that a refused file leaves the targets as they were.
void fill(const std::string& prefix, const NamedTensors& targets, const Safetensors& file, const std::string& path) {
  std::vector<std::string> missing;
  for (const auto& [name, target] : targets) {
    const auto found = file.tensors.find(prefix + name);
    if (found == file.tensors.end()) {
      if (!name.ends_with("num_batches_tracked")) missing.push_back(prefix + name);
    } else if (at::IntArrayRef(found->second.shape) != target.sizes()) {
      throw Error(Failure::usage,
                  path + ": tensor `" + prefix + name + "` has shape " + shape_text(found->second.shape) +
                      ", the network's has " + shape_text(target.sizes().vec()),
                  "the file belongs to another network");
    }
  }
  if (!missing.empty())
    throw Error(Failure::usage, path + ": the network's " + list_names(missing) + " is not in the file",
                "the file belongs to another network");
  at::NoGradGuard no_gradient;
  for (const auto& [name, target] : targets) {
    const auto found = file.tensors.find(prefix + name);
    if (found != file.tensors.end()) at::Tensor(target).copy_(tensor_of(found->second));
  }
}

void refuse_foreign_tensors(const NamedTensors& known, const Safetensors& file, const std::string& path) {
  std::vector<std::string> foreign;
  std::map<std::string, bool> names;
  for (const auto& [name, tensor] : known) names[name] = true;
  for (const auto& [name, tensor] : file.tensors) {
    if (!names.contains(name) && name.find('/') == std::string::npos) foreign.push_back(name);
  }
  if (!foreign.empty())
    throw Error(Failure::usage, path + ": the network has no " + list_names(foreign),
                "the file belongs to another network");
}

void restore_outputs(const Trained& trained, const Safetensors& file, const std::string& path) {
  trained.outputs.clear();
  if (trained.state.under_way.batches == 0) return;
  std::map<std::string, at::Tensor> outputs;
  for (const auto& [name, tensor] : file.tensors) {
    if (name.starts_with(outputs_prefix)) outputs.emplace(name.substr(outputs_prefix.size()), tensor_of(tensor));
  }
  try {
    trained.outputs.restore(outputs, named_tensors(trained.network).front().tensor.device());
  } catch (const std::exception& error) {
    throw Error(Failure::usage, path + ": the outputs of the epoch under way cannot be read: " + error.what());
  }
}

void restore(const Trained& trained, const Safetensors& file, const std::string& identity, const std::string& path) {
  const auto written_by = file.metadata.find("identity"), state = file.metadata.find("state");
  if (!file.verified || written_by == file.metadata.end() || state == file.metadata.end())
    throw Error(Failure::usage, path + ": not a checkpoint of rxrun");
  if (!identity.empty() && written_by->second != identity) {
    throw Error(Failure::usage,
                path + ": the checkpoint belongs to another run (identity " +
                    printable(written_by->second.substr(0, 12)) + ", this run's is " + identity.substr(0, 12) + ")",
                "the experiment, its data or the program changed; start a new run");
  }
  const NamedTensors weights = network_tensors(trained.network);
  refuse_foreign_tensors(weights, file, path);
  fill("", weights, file, path);
  fill(optimizer_prefix, trained.optimizer.state(), file, path);
  if (trained.average != nullptr) fill(average_prefix, trained.average->tensors(), file, path);
  trained.state = state_from_json(state->second);
  restore_outputs(trained, file, path);
  if (trained.average != nullptr) trained.average->set_updates(trained.state.average_updates);
}

// The old file gets a second name before the new one takes its first, so that there is a whole file at every moment.
void keep_as_previous(const std::filesystem::path& last, const std::filesystem::path& previous) {
  std::error_code failed;
  std::filesystem::path second = previous;
  second += ".link";
  std::filesystem::remove(second, failed);
  std::filesystem::create_hard_link(last, second, failed);
  if (failed) {  // a file system without hard links
    std::filesystem::rename(last, previous, failed);
  } else {
    std::filesystem::rename(second, previous, failed);
  }
  if (failed)
    throw Error(Failure::run, "cannot keep " + last.string() + " as " + previous.string() + ": " + failed.message());
}

}  // namespace

void save_weights(const std::filesystem::path& file, Network& network, const std::string& identity,
                  std::int64_t epoch) {
  Record record;
  record.add("", network_tensors(network));
  write_safetensors(file, record.records(),
                    {{"format", "pt"}, {"identity", identity}, {"epoch", std::to_string(epoch)}});
}

void load_weights(const std::filesystem::path& file, Network& network) {
  const Safetensors content = read_safetensors(file);
  const NamedTensors weights = network_tensors(network);
  refuse_foreign_tensors(weights, content, file.string());
  fill("", weights, content, file.string());
}

namespace {

// The epoch that the run `identity` wrote the file in.
std::int64_t epoch_of_best(const Safetensors& content, const std::string& identity, const std::string& path) {
  const auto value = [&](const char* name) {
    const auto found = content.metadata.find(name);
    return found == content.metadata.end() ? std::string() : found->second;
  };
  if (!content.verified) throw Error(Failure::usage, path + ": it has no checksum that shows it is complete");
  if (value("identity") != identity) {
    throw Error(Failure::usage, path + ": the weights belong to another run (identity " +
                                    printable(value("identity").substr(0, 12)) + ", this run's is " +
                                    identity.substr(0, 12) + ")");
  }
  std::int64_t epoch = 0;
  const std::string text = value("epoch");
  std::from_chars(text.data(), text.data() + text.size(), epoch);
  return epoch;
}

}  // namespace

void load_best_weights(const std::filesystem::path& file, Network& network, const std::string& identity,
                       std::int64_t epoch) {
  const Safetensors content = read_safetensors(file);
  const std::int64_t written_in = epoch_of_best(content, identity, file.string());
  if (written_in != epoch)
    throw Error(Failure::usage, file.string() + ": the weights are those of epoch " + std::to_string(written_in) +
                                    ", the best epoch is " + std::to_string(epoch));
  const NamedTensors weights = network_tensors(network);
  refuse_foreign_tensors(weights, content, file.string());
  fill("", weights, content, file.string());
}

void Checkpoints::check_best(const TrainingState& state) const {
  if (state.best_epoch == 0) return;
  try {
    const std::int64_t epoch = epoch_of_best(read_safetensors(best()), identity_, best().string());
    if (epoch == state.best_epoch || epoch == state.epoch + 1) return;
    throw Error(Failure::usage, best().string() + ": the weights are those of epoch " + std::to_string(epoch) +
                                    ", the best epoch is " + std::to_string(state.best_epoch));
  } catch (const Error& error) {
    throw Error(Failure::usage, std::string(error.what()) + "; without its best weights the run cannot be finished",
                "put the file back, or start over with `rxrun rerun RUN`");
  }
}

void Checkpoints::save(const Trained& trained) {
  std::error_code ignored;
  if (last_is_good_ && std::filesystem::exists(last(), ignored)) keep_as_previous(last(), previous());
  if (trained.average != nullptr) trained.state.average_updates = trained.average->updates();
  Record record;
  record.add("", network_tensors(trained.network));
  record.add(optimizer_prefix, trained.optimizer.state());
  if (trained.average != nullptr) record.add(average_prefix, trained.average->tensors());
  if (trained.state.under_way.batches > 0) record.add(std::string(outputs_prefix), trained.outputs.tensors());
  write_safetensors(last(), record.records(),
                    {{"format", "pt"}, {"identity", identity_}, {"state", to_json(trained.state)}});
  last_is_good_ = true;
}

bool Checkpoints::load(const Trained& trained) {
  const bool has_previous = std::filesystem::exists(previous());
  if (std::filesystem::exists(last())) {
    std::optional<Safetensors> file;
    try {
      file = read_safetensors(last());
    } catch (const Error& error) {
      if (!has_previous) throw;
      warn_(std::string(error.what()) + "; continuing from the one before it, " + previous().string());
    }
    if (file) {
      restore(trained, *file, identity_, last().string());
      last_is_good_ = true;
      return true;
    }
  } else if (!has_previous) {
    return false;
  } else {
    warn_(last().string() + " is missing; continuing from the one before it, " + previous().string());
  }
  restore(trained, read_safetensors(previous()), identity_, previous().string());
  return true;
}

}  // namespace rxrun
