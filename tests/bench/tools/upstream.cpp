// stream_upstream: a chat-completions provider that streams. Each request is answered with E events a second for S
// seconds; each event carries the moment of its sending, "@t=" and 20 digits of monotonic nanoseconds, inside its
// content.
#include "options.hpp"
#include "sockets.hpp"

#include <array>
#include <charconv>
#include <cstdio>
#include <deque>
#include <unistd.h>
#include <vector>

namespace spidergate::bench {
namespace {

constexpr std::uint64_t listener_number = poller::timer - 1;

constexpr std::string_view head =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\nTransfer-Encoding: "
    "chunked\r\n\r\n";
constexpr std::string_view event_begin =
    R"(data: {"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1700000000,"model":"bench-model",)"
    R"("choices":[{"index":0,"delta":{"content":"@t=)";
constexpr std::string_view event_end = "\"},\"finish_reason\":null}]}\n\n";
constexpr std::string_view last_events =
    R"(data: {"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1700000000,"model":"bench-model",)"
    R"("choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})"
    "\n\n"
    R"(data: {"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1700000000,"model":"bench-model",)"
    R"("choices":[],"usage":{"prompt_tokens":20,"completion_tokens":100,"total_tokens":120}})"
    "\n\ndata: [DONE]\n\n";

std::string chunk(std::string_view bytes) {
  std::array<char, 16> size{};
  const auto end = std::to_chars(size.data(), size.data() + size.size(), bytes.size(), 16).ptr;
  std::string text{size.data(), end};
  return text.append("\r\n").append(bytes).append("\r\n");
}

std::string event_at(std::int64_t when_ns) {
  std::array<char, 32> stamp{};
  std::snprintf(stamp.data(), stamp.size(), "%020lld", static_cast<long long>(when_ns));
  std::string text{event_begin};
  return chunk(text.append(stamp.data()).append(event_end));
}

struct connection {
  int socket = -1;
  std::uint64_t life = 0;  // counts up when the slot is used again
  std::string request;
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
  upstream(std::uint16_t port, std::string answer, std::int64_t events_per_second, double seconds)
      : listener_{listen_on(port)},
        answer_{std::move(answer)},
        period_ns_{1'000'000'000 / events_per_second},
        events_{static_cast<std::int64_t>(seconds * static_cast<double>(events_per_second))} {
    poller_.add(listener_, listener_number);
    std::printf("{\"port\":%d,\"events\":%lld}\n", port_of(listener_), static_cast<long long>(events_));
    std::fflush(stdout);
  }

  [[noreturn]] void serve();

 private:
  void accept_all();
  void read(std::size_t number);
  void answer(std::size_t number);
  void send_due(std::int64_t now);
  void send(std::size_t number, std::string_view bytes);
  void flush(std::size_t number);
  void close(std::size_t number);

  poller poller_;
  int listener_;
  std::string answer_;  // empty: stream
  std::int64_t period_ns_;
  std::int64_t events_;
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

bool is_whole(std::string_view request) {
  const auto end = request.find("\r\n\r\n");
  if (end == std::string_view::npos) return false;
  for (const std::string_view name : {"\r\nContent-Length: ", "\r\ncontent-length: "}) {
    const auto at = request.find(name);
    if (at == std::string_view::npos || at > end) continue;
    std::size_t length = 0;
    std::from_chars(request.data() + at + name.size(), request.data() + end, length);
    return request.size() >= end + 4 + length;
  }
  return request.ends_with("\r\n0\r\n\r\n");  // a chunked body
}

void upstream::read(std::size_t number) {
  std::array<char, 65536> buffer;  // NOLINT(*-init): recv writes before anyone reads
  auto& one = connections_[number];
  if (one.socket < 0) return;
  const auto received = receive_some(one.socket, buffer);
  if (received == 0) return;
  if (received < 0) return close(number);
  one.request.append(buffer.data(), static_cast<std::size_t>(received));
  if (is_whole(one.request)) answer(number);
}

void upstream::answer(std::size_t number) {
  auto& one = connections_[number];
  one.request.clear();
  if (!answer_.empty()) return send(number, answer_);
  one.events_left = events_;
  send(number, head);
  due_.push_back({now_ns() + period_ns_, number, one.life});
}

void upstream::send_due(std::int64_t now) {
  while (!due_.empty() && due_.front().when_ns <= now) {
    const auto [when, number, life] = due_.front();
    due_.pop_front();
    auto& one = connections_[number];
    if (one.life != life) continue;
    if (one.events_left-- > 0) {
      due_.push_back({when + period_ns_, number, life});
      send(number, event_at(now_ns()));
    } else {
      send(number, chunk(last_events) + "0\r\n\r\n");
    }
  }
}

void upstream::send(std::size_t number, std::string_view bytes) {
  connections_[number].unsent.append(bytes);
  flush(number);
}

void upstream::flush(std::size_t number) {
  auto& one = connections_[number];
  if (one.socket < 0) return;
  const auto sent = send_some(one.socket, one.unsent);
  if (sent < 0) return close(number);
  one.unsent.erase(0, static_cast<std::size_t>(sent));
  if (!one.unsent.empty())
    poller_.change(one.socket, number, EPOLLIN | EPOLLOUT);
  else if (sent == 0)
    poller_.change(one.socket, number, EPOLLIN);
}

void upstream::close(std::size_t number) {
  auto& one = connections_[number];
  ::close(one.socket);
  const auto life = one.life + 1;
  one = connection{};
  one.life = life;
  free_.push_back(number);
}

}  // namespace
}  // namespace spidergate::bench

int main(int count, char** arguments) {
  using namespace spidergate::bench;
  const options asked{count, arguments};
  const auto file = asked.text("answer", "");
  upstream{static_cast<std::uint16_t>(asked.number("port", 0)), file.empty() ? "" : read_file(file),
           asked.number("events-per-second", 20), asked.decimal("seconds", 6)}
      .serve();
}
