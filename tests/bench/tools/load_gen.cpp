// load_gen: sends the requests of a file, one after the other and over again, on C connections and measures the
// answers' latency.
//
// Closed loop: each connection sends its next request when its answer is complete. Open loop (--rate): requests are due
// at fixed times whether answers come or not, and latency counts from the due time, so that a stall is not hidden by
// the requests it held back. With --requests it ends after that many, and --seconds is how long it may take. Every
// answer's status, length and a piece of its text are checked.
#include "options.hpp"
#include "response_reader.hpp"
#include "samples.hpp"
#include "sockets.hpp"

#include <array>
#include <charconv>
#include <cstdio>
#include <deque>
#include <unistd.h>
#include <vector>

namespace spidergate::bench {
namespace {

struct plan {
  std::uint16_t port;
  std::size_t connections;
  std::int64_t duration_ns;
  std::size_t most_requests;          // 0: as many as go into the duration
  std::int64_t period_ns;             // 0: closed loop
  std::vector<std::string> requests;  // taken in turn
  std::size_t min_length;
  std::size_t max_length;
  std::string expected_text;
};

struct connection {
  int socket = -1;
  const std::string* request = nullptr;
  std::size_t written = 0;
  std::int64_t since_ns = 0;
  bool busy = false;
  response_reader reader;
};

class load_run {
 public:
  explicit load_run(const plan& asked) : plan_{asked}, connections_(asked.connections), latencies_{1 << 20} {}

  void run();
  void print();

 private:
  void open(std::size_t number);
  void start(std::size_t number, std::int64_t due_ns);
  void write(std::size_t number);
  void read(std::size_t number, std::int64_t now);
  void finished(std::size_t number, std::int64_t now);
  void lost(std::size_t number);
  void next(std::size_t number, std::int64_t now);
  void start_what_is_due(std::int64_t now);
  [[nodiscard]] bool is_over(std::int64_t now) const;
  [[nodiscard]] bool is_right(const response_reader& answer) const;

  const plan& plan_;
  poller poller_;
  std::vector<connection> connections_;
  std::vector<std::size_t> idle_;
  std::deque<std::int64_t> backlog_;  // due times that found no idle connection
  samples latencies_;
  std::array<char, 65536> buffer_{};
  std::int64_t begin_ns_ = 0;
  std::int64_t end_ns_ = 0;
  std::int64_t last_ns_ = 0;
  std::int64_t next_due_ns_ = 0;
  std::size_t started_ = 0;
  std::size_t in_flight_ = 0;
  std::size_t errors_ = 0;
  int last_bad_status_ = 0;
};

void load_run::run() {
  for (std::size_t i = 0; i < connections_.size(); ++i) open(i);
  begin_ns_ = next_due_ns_ = now_ns();
  end_ns_ = begin_ns_ + plan_.duration_ns;
  for (std::size_t i = 0; i < connections_.size(); ++i) {
    if (plan_.period_ns != 0)
      idle_.push_back(i);
    else if (!is_over(begin_ns_))
      start(i, begin_ns_);
  }
  poller_.wake_at(plan_.period_ns == 0 ? end_ns_ : next_due_ns_);
  const auto give_up_ns = end_ns_ + 5'000'000'000;
  for (auto now = begin_ns_; (!is_over(now) || in_flight_ > 0) && now < give_up_ns; now = now_ns()) {
    for (const auto& event : poller_.wait()) {
      if (event.data.u64 == poller::timer) {
        start_what_is_due(now_ns());
        continue;
      }
      if ((event.events & EPOLLOUT) != 0) write(event.data.u64);
      if ((event.events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0) read(event.data.u64, now_ns());
    }
  }
  errors_ += in_flight_;
}

bool load_run::is_over(std::int64_t now) const {
  return now >= end_ns_ || (plan_.most_requests != 0 && started_ == plan_.most_requests);
}

void load_run::start_what_is_due(std::int64_t now) {
  if (plan_.period_ns == 0 || is_over(now)) {
    poller_.wake_at(now + 100'000'000);  // only to look whether it is over
    return;
  }
  for (; next_due_ns_ <= now && !is_over(next_due_ns_); next_due_ns_ += plan_.period_ns) {
    if (idle_.empty()) {
      backlog_.push_back(next_due_ns_);
      continue;
    }
    const auto number = idle_.back();
    idle_.pop_back();
    start(number, next_due_ns_);
  }
  poller_.wake_at(next_due_ns_);
}

void load_run::open(std::size_t number) {
  auto& one = connections_[number];
  if (one.socket >= 0) ::close(one.socket);
  one.socket = connect_to(plan_.port);
  one.reader.reset();
  poller_.add(one.socket, number);
}

void load_run::start(std::size_t number, std::int64_t due_ns) {
  auto& one = connections_[number];
  one.request = &plan_.requests[started_++ % plan_.requests.size()];
  one.written = 0;
  one.since_ns = due_ns;
  one.busy = true;
  ++in_flight_;
  write(number);
}

void load_run::write(std::size_t number) {
  auto& one = connections_[number];
  if (!one.busy || one.written == one.request->size()) return;
  const auto sent = send_some(one.socket, std::string_view{*one.request}.substr(one.written));
  if (sent < 0) return lost(number);
  const bool waited = one.written > 0;
  one.written += static_cast<std::size_t>(sent);
  const bool all = one.written == one.request->size();
  if (!all)
    poller_.change(one.socket, number, EPOLLIN | EPOLLOUT);
  else if (waited)
    poller_.change(one.socket, number, EPOLLIN);
}

void load_run::read(std::size_t number, std::int64_t now) {
  auto& one = connections_[number];
  const auto received = receive_some(one.socket, buffer_);
  if (received == 0) return;
  if (received < 0) return lost(number);
  switch (one.reader.feed({buffer_.data(), static_cast<std::size_t>(received)})) {
    case response_reader::progress::more:
      return;
    case response_reader::progress::broken:
      return lost(number);
    case response_reader::progress::complete:
      return finished(number, now);
  }
}

bool load_run::is_right(const response_reader& answer) const {
  const auto& body = answer.body();
  return answer.status() == 200 && body.size() >= plan_.min_length && body.size() <= plan_.max_length &&
         body.find(plan_.expected_text) != std::string::npos;
}

void load_run::finished(std::size_t number, std::int64_t now) {
  auto& one = connections_[number];
  if (!one.busy || one.written != one.request->size()) return lost(number);
  if (is_right(one.reader)) {
    latencies_.add(now - one.since_ns);
  } else {
    ++errors_;
    last_bad_status_ = one.reader.status();
  }
  last_ns_ = now;
  one.busy = false;
  --in_flight_;
  const bool closes = one.reader.closes();
  one.reader.reset();
  if (closes) open(number);
  next(number, now);
}

/// The connection ended: between two requests that is the server's right, within one it is an error.
void load_run::lost(std::size_t number) {
  auto& one = connections_[number];
  const bool was_busy = one.busy;
  one.busy = false;
  open(number);
  if (!was_busy) return;
  ++errors_;
  --in_flight_;
  next(number, now_ns());
}

void load_run::next(std::size_t number, std::int64_t now) {
  if (is_over(now)) return;
  if (plan_.period_ns == 0) {
    start(number, now);
  } else if (!backlog_.empty()) {
    const auto due = backlog_.front();
    backlog_.pop_front();
    start(number, due);
  } else {
    idle_.push_back(number);
  }
}

void load_run::print() {
  const auto seconds = static_cast<double>(last_ns_ - begin_ns_) / 1e9;
  const auto right = latencies_.size();
  std::printf(
      "{\"requests\":%zu,\"errors\":%zu,\"last_bad_status\":%d,\"unsent\":%zu,\"seconds\":%.3f,\"rps\":%.1f,%s}\n",
      right, errors_, last_bad_status_, backlog_.size(), seconds,
      seconds > 0 ? static_cast<double>(right) / seconds : 0.0, latencies_.json_members().c_str());
}

/// A file of requests, each with a Content-Length, into its requests.
std::vector<std::string> split(const std::string& file) {
  constexpr std::string_view length_name = "\r\nContent-Length: ";
  std::vector<std::string> requests;
  for (std::size_t begin = 0; begin < file.size();) {
    const auto head_end = file.find("\r\n\r\n", begin);
    const auto at = file.find(length_name, begin);
    std::size_t length = 0;
    if (head_end == std::string::npos || at > head_end) give_up("the file of requests holds one without a length");
    std::from_chars(file.data() + at + length_name.size(), file.data() + head_end, length);
    requests.push_back(file.substr(begin, head_end + 4 + length - begin));
    begin += requests.back().size();
  }
  if (requests.empty()) give_up("the file of requests is empty");
  return requests;
}

}  // namespace
}  // namespace spidergate::bench

int main(int count, char** arguments) {
  using namespace spidergate::bench;
  const options asked{count, arguments};
  const auto rate = asked.decimal("rate", 0);
  const plan what{.port = static_cast<std::uint16_t>(asked.number("port")),
                  .connections = static_cast<std::size_t>(asked.number("connections", 64)),
                  .duration_ns = static_cast<std::int64_t>(asked.decimal("seconds", 2) * 1e9),
                  .most_requests = static_cast<std::size_t>(asked.number("requests", 0)),
                  .period_ns = rate > 0 ? static_cast<std::int64_t>(1e9 / rate) : 0,
                  .requests = split(read_file(asked.text("request"))),
                  .min_length = static_cast<std::size_t>(asked.number("min-length", 0)),
                  .max_length = static_cast<std::size_t>(asked.number("max-length", 1 << 30)),
                  .expected_text = asked.text("expect", "")};
  load_run run{what};
  run.run();
  run.print();
}
