// The commands, one function and one file each.
#pragma once

#include "cli/options.h"

namespace rxrun {

// ---- without LibTorch: linked into `rxrun` ----
int run_explain(const ExplainOptions& options);
int run_schema(const SchemaOptions& options);
int run_init(const InitOptions& options);
int run_upgrade(const UpgradeOptions& options);
int run_plugins(const PluginsOptions& options);
int run_plugins_show(const PluginsShowOptions& options);
int run_plugins_new(const PluginsNewOptions& options);
int run_ls(const LsOptions& options);
int run_show(const ShowOptions& options);
int run_best(const BestOptions& options);
int run_compare(const CompareOptions& options);
int run_sql(const SqlOptions& options);
int run_tag(const TagOptions& options);
int run_note(const NoteOptions& options);
int run_rename(const RenameOptions& options);
int run_rm(const RmOptions& options);
int run_restore(const RestoreOptions& options);
int run_gc(const GcOptions& options);
int run_export(const ExportOptions& options);
int run_import(const ImportOptions& options);

// ---- with LibTorch: linked into `rxrun-engine` ----
int run_run(const RunOptions& options);
int run_sweep(const SweepOptions& options);
int run_resume(const ResumeOptions& options);
int run_rerun(const RerunOptions& options);
int run_check(const CheckOptions& options);
int run_summary(const SummaryOptions& options);
int run_time(const TimeOptions& options);
int run_plugins_test(const PluginsTestOptions& options);
int run_evaluate(const EvaluateOptions& options);
int run_predict(const PredictOptions& options);

}  // namespace rxrun
