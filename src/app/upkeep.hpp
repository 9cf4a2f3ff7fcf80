#pragma once
#include <spidergate/core/time.hpp>
#include <spidergate/store/database.hpp>
#include <spidergate/vault/vault.hpp>

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace spidergate::app {

/// Writes behind, once a second and a last time at the end: the live state of provider keys, and when tokens were last
/// used. A thread of its own; the request path only leaves notes.
class upkeep {
 public:
  using last_used = std::vector<std::pair<std::string, epoch_ms>>;
  upkeep(store::database& into, vault::vault& keys, std::function<last_used()> take_last_used);
  ~upkeep();

 private:
  void run();
  void write();

  store::database& into_;
  vault::vault& keys_;
  std::function<last_used()> take_last_used_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace spidergate::app
