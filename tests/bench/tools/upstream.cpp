// upstream: a provider that costs next to nothing. Each request, once it is whole, is answered
// - with the bytes of a file (--answer), or
// - with a stream (--begin, --event, --end): what begins it, E events a second for S seconds, what ends it, each in a
//   chunk of its own. An event carries the moment of its sending: "@t=" and 20 digits, monotonic nanoseconds.
// With --require, a request whose head does not contain that text is answered 400: a proxy that sends on a wrong key is
// no faster for it.
#include "options.hpp"
#include "sockets.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <deque>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

namespace spidergate::bench {
namespace {

constexpr std::uint64_t listener_number = poller::timer - 1;
constexpr std::string_view stamp_mark = "@t=";
constexpr std::size_t stamp_size = 20;

constexpr std::string_view stream_head =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\nTransfer-Encoding: "
    "chunked\r\n\r\n";
constexpr std::string_view refusal = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";

std::string chunk(std::string_view bytes) {
  if (bytes.empty()) return {};
  std::array<char, 16> size{};
  const auto end = std::to_chars(size.data(), size.data() + size.size(), bytes.size(), 16).ptr;
  std::string text{size.data(), end};
  return text.append("\r\n").append(bytes).append("\r\n");
}

struct plan {
  std::string answer;  // empty: stream
  std::string begin;   // these three in chunks
  std::string event;
  std::string end;
  std::size_t stamp_at = 0;  // within `event`
  std::int64_t period_ns = 0;
  std::int64_t events = 0;
  std::string required;
};

struct connection {
  int socket = -1;
  std::uint64_t life = 0;     // counts up when the slot is used again
  std::string head;           // of the request, as long as it is not whole
  std::size_t body_left = 0;  // bytes of the request's body that are still to come
  bool chunked = false;       // instead: the body ends with an empty chunk
  bool refused = false;
  std::string unsent;
  std::int64_t events_left = 0;
};

struct due_event {
  std::int64_t when_ns;
  std::size_t number;
  std::uint64_t life;
};

class upstream {
 public:
  upstream(std::uint16_t port, plan asked) : plan_{std::move(asked)}, listener_{listen_on(port)} {
    poller_.add(listener_, listener_number);
    std::printf("{\"port\":%d,\"events\":%lld}\n", port_of(listener_), static_cast<long long>(plan_.events));
    std::fflush(stdout);
  }

  [[noreturn]] void serve();

 private:
  void accept_all();
  void read(std::size_t number);
  void take_head(std::size_t number, std::string_view bytes);
  void take_body(std::size_t number, std::size_t count);
  void answer(std::size_t number);
  void send_due(std::int64_t now);
  void send(std::size_t number, std::string_view bytes);
  void flush(std::size_t number);
  void close(std::size_t number);

  plan plan_;
  poller poller_;
  int listener_;
  std::array<char, 65536> buffer_{};
  std::vector<connection> connections_;
  std::vector<std::size_t> free_;
  std::deque<due_event> due_;  // every stream has the same period, so appending keeps it sorted
};

void upstream::serve() {
  for (;;) {
    for (const auto& event : poller_.wait()) {
      if (event.data.u64 == poller::timer) continue;
      if (event.data.u64 == listener_number) {
        accept_all();
        continue;
      }
      if ((event.events & EPOLLOUT) != 0) flush(event.data.u64);
      if ((event.events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0) read(event.data.u64);
    }
    if (due_.empty()) continue;
    send_due(now_ns());
    if (!due_.empty()) poller_.wake_at(due_.front().when_ns);
  }
}

void upstream::accept_all() {
  for (int socket = accept_from(listener_); socket >= 0; socket = accept_from(listener_)) {
    if (free_.empty()) {
      free_.push_back(connections_.size());
      connections_.emplace_back();
    }
    const auto number = free_.back();
    free_.pop_back();
    connections_[number].socket = socket;
    poller_.add(socket, number);
  }
}

void upstream::read(std::size_t number) {
  auto& one = connections_[number];
  if (one.socket < 0) return;
  if (one.body_left > 0) {  // counted in the kernel, not copied: nobody looks at it
    const auto dropped = ::recv(one.socket, nullptr, one.body_left, MSG_TRUNC);
    if (dropped > 0) return take_body(number, static_cast<std::size_t>(dropped));
    if (dropped == 0) return close(number);
    return;
  }
  const auto received = receive_some(one.socket, buffer_);
  if (received == 0) return;
  if (received < 0) return close(number);
  take_head(number, {buffer_.data(), static_cast<std::size_t>(received)});
}

/// Bytes of a head with what follows it; a chunked body is kept with its head until it ends.
void upstream::take_head(std::size_t number, std::string_view bytes) {
  auto& one = connections_[number];
  const bool pieces = !one.head.empty();
  if (pieces) one.head.append(bytes);
  const std::string_view all = pieces ? one.head : bytes;
  const auto end = all.find("\r\n\r\n");
  if (end == std::string_view::npos) {
    if (!pieces) one.head = bytes;
    return;
  }
  const auto head = all.substr(0, end + 2);
  std::size_t length = 0;
  bool sized = false;
  for (const std::string_view name : {"\r\nContent-Length: ", "\r\ncontent-length: "}) {
    const auto at = head.find(name);
    if (at == std::string_view::npos) continue;
    sized = std::from_chars(head.data() + at + name.size(), head.data() + head.size(), length).ec == std::errc{};
    break;
  }
  if (!sized && !all.ends_with("\r\n0\r\n\r\n")) {
    if (!pieces) one.head = bytes;
    return;
  }
  one.refused = !plan_.required.empty() && head.find(plan_.required) == std::string_view::npos;
  const auto body = all.size() - end - 4;
  one.head.clear();
  one.body_left = sized ? length : 0;
  take_body(number, sized ? std::min(body, length) : 0);
}

void upstream::take_body(std::size_t number, std::size_t count) {
  auto& one = connections_[number];
  one.body_left -= count;
  if (one.body_left == 0) answer(number);
}

void upstream::answer(std::size_t number) {
  auto& one = connections_[number];
  if (one.refused) return send(number, refusal);
  if (!plan_.answer.empty()) return send(number, plan_.answer);
  one.events_left = plan_.events;
  send(number, stream_head);
  if (!plan_.begin.empty()) send(number, plan_.begin);
  due_.push_back({now_ns() + plan_.period_ns, number, one.life});
}

void upstream::send_due(std::int64_t now) {
  while (!due_.empty() && due_.front().when_ns <= now) {
    const auto [when, number, life] = due_.front();
    due_.pop_front();
    auto& one = connections_[number];
    if (one.life != life) continue;
    if (one.events_left-- > 0) {
      due_.push_back({when + plan_.period_ns, number, life});
      auto stamp = now_ns();
      for (std::size_t digit = stamp_size; digit > 0; --digit, stamp /= 10)
        plan_.event[plan_.stamp_at + digit - 1] = static_cast<char>('0' + stamp % 10);
      send(number, plan_.event);
    } else {
      send(number, plan_.end);
    }
  }
}

void upstream::send(std::size_t number, std::string_view bytes) {
  auto& one = connections_[number];
  if (one.socket < 0) return;
  if (one.unsent.empty()) {
    const auto sent = send_some(one.socket, bytes);
    if (sent < 0) return close(number);
    bytes.remove_prefix(static_cast<std::size_t>(sent));
    if (bytes.empty()) return;
    poller_.change(one.socket, number, EPOLLIN | EPOLLOUT);
  }
  one.unsent.append(bytes);
}

void upstream::flush(std::size_t number) {
  auto& one = connections_[number];
  if (one.socket < 0) return;
  const auto sent = send_some(one.socket, one.unsent);
  if (sent < 0) return close(number);
  one.unsent.erase(0, static_cast<std::size_t>(sent));
  if (one.unsent.empty()) poller_.change(one.socket, number, EPOLLIN);
}

void upstream::close(std::size_t number) {
  auto& one = connections_[number];
  ::close(one.socket);
  const auto life = one.life + 1;
  one = connection{};
  one.life = life;
  free_.push_back(number);
}

plan plan_from(const options& asked) {
  plan made;
  made.required = asked.text("require", "");
  if (const auto file = asked.text("answer", ""); !file.empty()) {
    made.answer = read_file(file);
    return made;
  }
  const auto rate = asked.number("events-per-second", 20);
  made.begin = chunk(read_file(asked.text("begin")));
  made.event = chunk(read_file(asked.text("event")));
  made.end = chunk(read_file(asked.text("end"))) + "0\r\n\r\n";
  made.period_ns = 1'000'000'000 / rate;
  made.events = static_cast<std::int64_t>(asked.decimal("seconds", 6) * static_cast<double>(rate));
  const auto mark = made.event.find(stamp_mark);
  if (mark == std::string::npos || mark + stamp_mark.size() + stamp_size > made.event.size())
    give_up("an event needs room for its stamp");
  made.stamp_at = mark + stamp_mark.size();
  return made;
}

}  // namespace
}  // namespace spidergate::bench

int main(int count, char** arguments) {
  using namespace spidergate::bench;
  const options asked{count, arguments};
  upstream{static_cast<std::uint16_t>(asked.number("port", 0)), plan_from(asked)}.serve();
}
