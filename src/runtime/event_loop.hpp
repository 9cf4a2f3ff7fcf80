#pragma once
#include "event_sink.hpp"
#include "ready_socket.hpp"

#include <spidergate/runtime/awaitable.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <sys/epoll.h>
#include <variant>
#include <vector>

namespace spidergate::runtime {

/// What one worker's thread does all day: an epoll set, in which each descriptor stands once, for both directions and
/// edge-triggered, from its making to its end; and a queue of jobs. So no wait costs a system call, one look serves all
/// descriptors that have become ready meanwhile, and a job of the worker's own costs neither a system call nor a lock.
///
/// A turn is such a look with all that follows from it. Writes wait for the end of the turn: what has arrived is
/// worked through first, and then everything goes out together, as one burst to peers that are awake for all of it
/// instead of being woken for each.
///
/// For the thread that calls run() or turn() only, but for post(), and for add() before that thread begins.
class event_loop {
 public:
  using job = std::variant<detail::suspended, std::function<void()>>;

  /// Throws boost::system::system_error when the system gives no descriptors for it.
  event_loop();
  /// REQUIRES: drop() was called if anything was posted.
  ~event_loop();
  event_loop(const event_loop&) = delete;
  event_loop& operator=(const event_loop&) = delete;

  /// From now on `sink` hears of the events of `fd`, until remove(). Fails as epoll_ctl(2) does.
  [[nodiscard]] error_code add(int fd, event_sink& sink,
                               std::uint32_t events = EPOLLIN | EPOLLOUT | EPOLLRDHUP) noexcept;
  /// To be called while `fd` is still open. The sink hears no more, not even of what has been fetched already.
  void remove(int fd, const event_sink& sink) noexcept;

  /// Runs `what` on the loop's thread, behind what has been posted there before. Thread-safe.
  void post(job what);
  /// Calls `socket`'s on_turn_end() when all that is ready now has been worked through.
  void at_turn_end(ready_socket_ptr socket);
  /// Lets `waiting` go on behind all that is ready now and behind the writes of this turn.
  void behind_turn_end(detail::suspended waiting);

  /// Turns until stop(). An exception out of a job leaves it; to call it again goes on behind that job.
  void run();
  /// Makes run() return: at once when it is called by a job, with the jobs behind it undone.
  void stop() noexcept { stopped_ = true; }
  [[nodiscard]] bool stopped() const noexcept { return stopped_; }
  /// One turn; waits for something to do for at most `patience`, forever if negative. Gives how much was done.
  std::size_t turn(std::chrono::milliseconds patience);

  /// Destroys what waits to be run, and what that posts while it is destroyed. Nothing runs any more.
  void drop() noexcept;

 private:
  /// Wakes the loop for what other threads have posted.
  struct doorbell final : event_sink {
    explicit doorbell(event_loop& of);
    ~doorbell();
    void ring() const noexcept;
    void on_events(std::uint32_t events) override;
    event_loop& loop;
    int fd;
  };

  [[nodiscard]] bool has_work() const noexcept;
  void fetch(std::chrono::milliseconds patience) noexcept;
  std::size_t run_jobs();
  std::size_t end_turn();
  void take_from_others();

  int set_;
  doorbell bell_;
  bool stopped_ = false;
  std::array<epoll_event, 256> fetched_{};
  std::size_t next_ = 0;   ///< of `fetched_`
  std::size_t count_ = 0;  ///< in `fetched_`
  std::deque<job> jobs_;
  std::vector<ready_socket_ptr> writers_;
  std::vector<ready_socket_ptr> due_writers_;  ///< kept for its memory
  std::vector<detail::suspended> behind_;
  std::mutex others_mutex_;
  std::vector<job> from_others_;
};

}  // namespace spidergate::runtime
