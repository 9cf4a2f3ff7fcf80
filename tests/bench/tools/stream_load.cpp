// stream_load: opens N streams through a proxy and measures, for each event, the time from its sending by
// the upstream to its arrival here. Prints "measuring" and "measured" when the measured window begins and ends, then
// one line of JSON. Every stream has to bring each of its events and a [DONE].
#include "options.hpp"
#include "response_reader.hpp"
#include "samples.hpp"
#include "sockets.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <unistd.h>
#include <vector>

namespace spidergate::bench {
namespace {

constexpr std::string_view mark = "@t=";
constexpr std::string_view done = "[DONE]";
constexpr std::size_t stamp_size = 20;

struct plan {
  std::uint16_t port;
  std::size_t streams;
  std::int64_t ramp_ns;
  std::int64_t settle_ns;
  std::int64_t measure_ns;
  std::int64_t events;
  std::string request;
};

struct stream {
  int socket = -1;
  response_reader reader;
  std::string text;  // received and not yet looked at
  std::int64_t events = 0;
  bool saw_done = false;
  bool over = false;
};

class stream_run {
 public:
  explicit stream_run(const plan& asked) : plan_{asked}, streams_(asked.streams), delays_{1 << 18} {}

  void run();
  void print();

 private:
  void open_due(std::int64_t now);
  void announce(std::int64_t now);
  void read(std::size_t number);
  void look(stream& one, std::int64_t now);
  void end(stream& one);
  [[nodiscard]] std::int64_t next_wake(std::int64_t now) const;

  const plan& plan_;
  poller poller_;
  std::vector<stream> streams_;
  samples delays_;
  std::array<char, 65536> buffer_{};
  std::int64_t begin_ns_ = 0;
  std::int64_t measure_from_ns_ = 0;
  std::int64_t measure_to_ns_ = 0;
  std::size_t opened_ = 0;
  std::size_t over_ = 0;
  int announced_ = 0;
};

void stream_run::run() {
  begin_ns_ = now_ns();
  measure_from_ns_ = begin_ns_ + plan_.ramp_ns + plan_.settle_ns;
  measure_to_ns_ = measure_from_ns_ + plan_.measure_ns;
  const auto give_up_ns = measure_to_ns_ + plan_.ramp_ns + 20'000'000'000;
  for (auto now = begin_ns_; over_ < streams_.size() && now < give_up_ns; now = now_ns()) {
    open_due(now);
    announce(now);
    poller_.wake_at(next_wake(now));
    for (const auto& event : poller_.wait()) {
      if (event.data.u64 != poller::timer) read(event.data.u64);
    }
  }
  announce(measure_to_ns_);
}

std::int64_t stream_run::next_wake(std::int64_t now) const {
  if (opened_ < streams_.size()) return now + 1'000'000;
  if (announced_ == 0) return measure_from_ns_;
  return announced_ == 1 ? measure_to_ns_ : now + 100'000'000;
}

void stream_run::open_due(std::int64_t now) {
  const auto share =
      plan_.ramp_ns > 0 ? static_cast<double>(now - begin_ns_) / static_cast<double>(plan_.ramp_ns) : 1.0;
  const auto wanted =
      std::min(streams_.size(), static_cast<std::size_t>(share * static_cast<double>(streams_.size())) + 1);
  for (; opened_ < wanted; ++opened_) {
    auto& one = streams_[opened_];
    one.socket = connect_to(plan_.port);
    poller_.add(one.socket, opened_);
    if (send_some(one.socket, plan_.request) != static_cast<std::int64_t>(plan_.request.size())) end(one);
  }
}

void stream_run::announce(std::int64_t now) {
  if (announced_ == 0 && now >= measure_from_ns_) announced_ = 1, std::puts("measuring");
  if (announced_ == 1 && now >= measure_to_ns_) announced_ = 2, std::puts("measured");
  std::fflush(stdout);
}

void stream_run::read(std::size_t number) {
  auto& one = streams_[number];
  if (one.over) return;
  const auto received = receive_some(one.socket, buffer_);
  if (received == 0) return;
  if (received < 0) return end(one);
  const auto now = now_ns();
  const auto progress = one.reader.feed({buffer_.data(), static_cast<std::size_t>(received)});
  one.text.append(one.reader.body());
  one.reader.drop_body();
  look(one, now);
  if (progress != response_reader::progress::more) end(one);
}

void stream_run::look(stream& one, std::int64_t now) {
  auto at = one.text.find(mark);
  for (; at != std::string::npos && one.text.size() >= at + mark.size() + stamp_size; at = one.text.find(mark, at)) {
    std::int64_t sent = 0;
    const char* digits = one.text.data() + at + mark.size();
    std::from_chars(digits, digits + stamp_size, sent);
    ++one.events;
    if (sent >= measure_from_ns_ && sent < measure_to_ns_) delays_.add(now - sent);
    at += mark.size() + stamp_size;
  }
  if (one.text.find(done) != std::string::npos) one.saw_done = true;
  const auto keep_from = at != std::string::npos ? at : one.text.size() - std::min(one.text.size(), done.size() - 1);
  one.text.erase(0, keep_from);
}

void stream_run::end(stream& one) {
  ::close(one.socket);
  one.over = true;
  ++over_;
}

void stream_run::print() {
  std::size_t refused = 0;     // answered with another status
  std::size_t cut = 0;         // ended before their last event
  std::size_t incomplete = 0;  // ended well, but with events missing
  std::size_t unfinished = 0;  // still open long after they should have ended
  int last_bad_status = 0;
  for (const auto& one : streams_) {
    if (!one.over) {
      ++unfinished;
    } else if (one.reader.status() != 200) {
      ++refused;
      last_bad_status = one.reader.status();
    } else if (!one.saw_done) {
      ++cut;
    } else if (one.events != plan_.events) {
      ++incomplete;
    }
  }
  std::printf(
      "{\"streams\":%zu,\"errors\":%zu,\"refused\":%zu,\"cut\":%zu,\"incomplete\":%zu,\"unfinished\":%zu,"
      "\"last_bad_status\":%d,\"events\":%zu,%s}\n",
      streams_.size(), refused + cut + incomplete + unfinished, refused, cut, incomplete, unfinished, last_bad_status,
      delays_.size(), delays_.json_members().c_str());
}

}  // namespace
}  // namespace spidergate::bench

int main(int count, char** arguments) {
  using namespace spidergate::bench;
  const options asked{count, arguments};
  const auto ns = [&asked](const char* name, double otherwise) {
    return static_cast<std::int64_t>(asked.decimal(name, otherwise) * 1e9);
  };
  const plan what{.port = static_cast<std::uint16_t>(asked.number("port")),
                  .streams = static_cast<std::size_t>(asked.number("streams", 1000)),
                  .ramp_ns = ns("ramp", 1),
                  .settle_ns = ns("settle", 1),
                  .measure_ns = ns("measure", 4),
                  .events = asked.number("events"),
                  .request = read_file(asked.text("request"))};
  stream_run run{what};
  run.run();
  run.print();
}
