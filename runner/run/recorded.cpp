#include "run/recorded.h"

#include <exception>
#include <new>
#include <string>
#include <vector>

#include "diagnostics/diagnostic.h"

namespace rxrun {
namespace {

// To be called while `cause` is on its way up. Throws it in company when it cannot be recorded.
void record_failure(Recorder& recorder, std::int64_t run, const std::string& reason, const Error& cause) {
  std::string second;
  try {
    recorder.end(run, {.status = RunStatus::failed, .reason = reason});
    return;
  } catch (const std::exception& error) {
    second = error.what();
  }
  std::vector<Diagnostic> both = cause.diagnostics();
  both.push_back({.where = {},
                  .message = "and run " + std::to_string(run) + " could not be marked as failed: " + second,
                  .advice = "it counts as interrupted once this process has ended"});
  throw Error(cause.failure(), both);
}

}  // namespace

void recorded(Recorder& recorder, std::int64_t run, const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    record_failure(recorder, run, error.what(), error);
    throw;
  } catch (const std::bad_alloc&) {
    record_failure(recorder, run, "out of memory", Error(Failure::run, "out of memory"));
    throw;
  } catch (const std::exception& error) {
    record_failure(recorder, run, error.what(), Error(Failure::run, std::string("internal error: ") + error.what()));
    throw;
  }
}

}  // namespace rxrun
