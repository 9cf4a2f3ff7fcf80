#pragma once
#include <spidergate/core/time.hpp>
#include <spidergate/store/database.hpp>
#include <spidergate/vault/vault.hpp>

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace spidergate::app {

/// Writes behind, once a second and a last time at the end: the live state of provider keys, and when tokens were last
/// used. What the database does not take is kept and written with the next. Once an hour it forgets the answers that
/// were kept for repeated management calls. A thread of its own; the request path only leaves notes.
class upkeep {
 public:
  using last_used = std::vector<std::pair<std::string, epoch_ms>>;
  /// Called once a second on upkeep's thread with the states of all keys used so far; `last` as it ends.
  using each_second = std::function<void(std::span<const store::integration_state_record> states, bool last)>;

  /// `known` are the states that the server began with.
  upkeep(store::database& into, vault::vault& keys, const std::vector<store::integration_state_record>& known,
         std::function<last_used()> take_last_used, each_second also);
  ~upkeep();

 private:
  struct notes;
  void run();
  void tick(bool last);
  void write(bool last);
  void remember(const store::integration_state_record& state);
  void forget_old_answers();

  store::database& into_;
  vault::vault& keys_;
  std::function<last_used()> take_last_used_;
  each_second also_;
  std::shared_ptr<notes> notes_;
  std::vector<store::integration_state_record> known_;  ///< by id
  steady_time next_forgetting_{};
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace spidergate::app
