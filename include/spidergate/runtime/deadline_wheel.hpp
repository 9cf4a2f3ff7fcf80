#pragma once
#include <spidergate/core/time.hpp>

#include <boost/intrusive/list.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace spidergate::runtime {

class event_loop;
class loop_timer;

/// All the deadlines of one worker thread, at the price of one timer: arming and disarming are a list splice, without a
/// system call and without an allocation, which is what a proxy that sets four deadlines a request needs. Precision is
/// one tick (10 ms), never early. The timer runs only while something is armed. Not thread-safe.
class deadline_wheel {
 public:
  static constexpr std::chrono::milliseconds tick{10};

  /// Something that can run out of time. Derive from it and implement on_deadline(); destroying it disarms it.
  class entry : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
   public:
    virtual ~entry() = default;
    [[nodiscard]] bool armed() const noexcept { return is_linked(); }
    void disarm() noexcept { unlink_if_linked(); }

   protected:
    /// Called once, on the worker's thread, after the entry has been disarmed.
    virtual void on_deadline() noexcept = 0;

   private:
    friend class deadline_wheel;
    void unlink_if_linked() noexcept {
      if (is_linked()) unlink();
    }
    steady_time due_{};
  };

  explicit deadline_wheel(event_loop& loop);
  ~deadline_wheel();
  deadline_wheel(const deadline_wheel&) = delete;
  deadline_wheel& operator=(const deadline_wheel&) = delete;

  /// False while nothing is armed, but for the first moments after.
  [[nodiscard]] bool ticking() const noexcept { return ticking_; }

  /// Arms (or re-arms) `e` for `due`; steady_time::max() means never.
  void arm(entry& e, steady_time due) noexcept;

 private:
  static constexpr std::size_t slot_count = 512;
  using slot = boost::intrusive::list<entry, boost::intrusive::constant_time_size<false>>;

  void start_ticking() noexcept;
  void schedule();
  void advance();
  void fire_due(slot& entries, steady_time now) noexcept;
  [[nodiscard]] bool idle() const noexcept;

  std::unique_ptr<loop_timer> timer_;
  std::array<slot, slot_count> slots_;
  /// The last tick that has been dealt with, counted from the clock's epoch.
  std::int64_t position_ = 0;
  bool ticking_ = false;
};

}  // namespace spidergate::runtime
