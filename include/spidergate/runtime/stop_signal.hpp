#pragma once
#include <cstdint>
#include <functional>
#include <utility>

namespace spidergate::runtime {

/// One request's "give up now": set when the client has gone, the deadline of the whole request has passed, or the
/// server must stop. Whoever waits for something registers how to interrupt that wait, for as long as the wait lasts.
/// Belongs to one worker thread; not thread-safe. The first reason stays.
class stop_signal {
 public:
  enum class reason : std::uint8_t {
    none,         ///< still wanted
    client_gone,  ///< the peer closed its connection
    deadline,     ///< the request's total time is used up
    shutdown,     ///< the drain time is over
  };

  [[nodiscard]] bool stopped() const noexcept { return reason_ != reason::none; }
  [[nodiscard]] reason why() const noexcept { return reason_; }

  /// Sets the reason and interrupts the current wait, if any. Later calls change nothing.
  void stop(reason why) noexcept;

  /// For its lifetime, `interrupt` is called (once, synchronously) when the signal stops. Guards nest: the innermost is
  /// called first, then the outer ones. Registering on a signal that has stopped already calls `interrupt` at once.
  class on_stop {
   public:
    on_stop(stop_signal& signal, std::function<void()> interrupt);
    ~on_stop();
    on_stop(const on_stop&) = delete;
    on_stop& operator=(const on_stop&) = delete;

   private:
    friend class stop_signal;
    stop_signal& signal_;
    std::function<void()> interrupt_;
    on_stop* outer_;
  };

 private:
  reason reason_ = reason::none;
  on_stop* innermost_ = nullptr;
  on_stop* next_to_interrupt_ = nullptr;
};

}  // namespace spidergate::runtime
