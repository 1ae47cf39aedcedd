// A results folder for one test, and runs to put into it.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "recording/query.h"
#include "recording/recorder.h"

namespace rxrun::testing {

class TemporaryResults : public ::testing::Test {
 protected:
  explicit TemporaryResults(const std::filesystem::path& where = std::filesystem::temp_directory_path()) {
    std::string name = (where / "rxrun-recording-XXXXXX").string();
    folder = ::mkdtemp(name.data());
    database = folder / "results.db";
  }
  ~TemporaryResults() override {
    std::error_code code;
    std::filesystem::permissions(folder, std::filesystem::perms::owner_all, code);
    std::filesystem::remove_all(folder, code);
  }

  std::filesystem::path folder, database;
};

inline RunRecord run_record(const std::string& name, std::uint64_t seed = 365) {
  return {.name = name,
          .experiment = name.substr(0, name.find('-')),
          .file = "experiments/a.yaml",
          .identity = "identity of " + name,
          .seed = seed,
          .resolved = "name: a\nseed: 365\n",
          .configuration = "cardinality 32",
          .params = {{"name", "a"},
                     {"seed", std::to_string(seed)},
                     {"network.cardinality", "32"},
                     {"network.base_width", "4"},
                     {"training.optimizer.adam.lr", "1e-4"},
                     {"data.source", "class_folders"}},
          .command = "rxrun experiments/a.yaml",
          .generated_data = false,
          .content_hash = "content",
          .split_hash = "split",
          .classes = {"benign", "malignant"},
          .skipped_images = 2,
          .parameters = 22'984'002,
          .multiply_adds = 350'000'000,
          .environment = {{"libtorch", "1.13.1"}, {"cpu", "a processor"}},
          .folder = {}};
}

// With another value of one of its parameters, which makes it another configuration.
inline void set_parameter(RunRecord& record, const std::string& name, const std::string& value) {
  for (auto& [key, old] : record.params)
    if (key == name) old = value;
  record.configuration += ", " + name + " " + value;
}

inline std::vector<SplitRecord> split_record() {
  return {{"a.png", 0, "p1", "train"}, {"b.png", 1, "p2", "validation"}, {"c.png", 1, "p3", "test"}};
}

inline EpochRecord epoch_record(std::int64_t epoch, double validation_accuracy, bool best) {
  return {.epoch = epoch,
          .learning_rate = 1e-4,
          .seconds = 2.5,
          .images_per_second = 100.0 + static_cast<double>(epoch),
          .best = best,
          .metrics = {{"train_loss", 0.7},
                      {"train_accuracy", 0.6},
                      {"validation_loss", 0.8},
                      {"validation_accuracy", validation_accuracy},
                      {"validation_auc", 0.75}}};
}

// Of a test part with this accuracy; b.png is recognised.
inline EvaluationRecord test_evaluation(double accuracy) {
  return {
      .part = "test",
      .own = true,
      .at_end = true,
      .data = "/data",
      .content = "content of the test part",
      .weights = std::string(64, 'a'),
      .preprocessing = "{}",
      .test_time_augmentation = "none",
      .images = 1,
      .measures = {{.name = "accuracy", .value = accuracy, .interval = {{accuracy - 0.1, accuracy + 0.1, "wilson"}}},
                   {.name = "auc", .value = 0.9},
                   {.name = "loss", .value = 0.4}},
      .outputs = {{.position = 2, .label = 1, .predicted = 1, .probability = 0.75, .probabilities = {0.25F, 0.75F}}}};
}

inline RunEnd end_record(double test_accuracy, std::int64_t best_epoch) {
  return {.status = RunStatus::finished,
          .best_epoch = best_epoch,
          .seconds = 9.0,
          .evaluations = {test_evaluation(test_accuracy)},
          .artifacts = {{"checkpoints/x/best.safetensors", std::string(64, 'a')}},
          .reason = {}};
}

inline RunEnd ended(RunStatus status, const std::string& reason) {
  RunEnd end;
  end.status = status;
  end.reason = reason;
  return end;
}

// Every cell as it reads, for short expectations.
inline std::string cell(const Table& table, std::size_t row, const std::string& column) {
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    if (table.columns[i] != column) continue;
    const Value& value = table.rows.at(row)[i];
    if (const auto* integer = std::get_if<std::int64_t>(&value)) return std::to_string(*integer);
    if (const auto* text = std::get_if<std::string>(&value)) return *text;
    if (const auto* real = std::get_if<double>(&value)) {
      std::string csv = render({.columns = {"x"}, .rows = {{*real}}}, TableFormat::csv);
      return csv.substr(2, csv.size() - 3);
    }
    return "NULL";
  }
  ADD_FAILURE() << "no column " << column;
  return {};
}

inline std::string one(const std::filesystem::path& database, const std::string& sql) {
  Table table = query(database, sql);
  return table.rows.empty() ? "no row" : cell(table, 0, table.columns[0]);
}

}  // namespace rxrun::testing
