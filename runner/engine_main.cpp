// rxrun-engine: the commands that need LibTorch. `rxrun` starts it; nobody else has to.
#include <csignal>

#include "cli/commands.h"
#include "network/current_layer.h"
#include "training/process.h"

using namespace rxrun;

int main(int argc, char** argv) {
  set_up_process();
  install_crash_handler();
  install_exit_report();
  // A reader that went away or a file-size limit is an error of the write, not the end of a training.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  return end_of_main(parse_and_run(argc, argv,
                                   {
                                       .run = run_run,
                                       .sweep = run_sweep,
                                       .resume = run_resume,
                                       .rerun = run_rerun,
                                       .check = run_check,
                                       .summary = run_summary,
                                       .time = run_time,
                                       .plugins_test = run_plugins_test,
                                       .evaluate = run_evaluate,
                                       .predict = run_predict,
                                   }));
}
