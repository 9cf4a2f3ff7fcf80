#pragma once
#include <cstdint>

namespace spidergate::runtime {

/// What owns a descriptor that stands in an event loop, and hears of its events there.
class event_sink {
 public:
  event_sink(const event_sink&) = delete;
  event_sink& operator=(const event_sink&) = delete;

  /// `events` as epoll_wait(2) gives them. May destroy this object.
  virtual void on_events(std::uint32_t events) = 0;

 protected:
  event_sink() = default;
  ~event_sink() = default;
};

}  // namespace spidergate::runtime
