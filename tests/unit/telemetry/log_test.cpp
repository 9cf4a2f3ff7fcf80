#include "log_line.hpp"
#include "site_gate.hpp"

#include <spidergate/telemetry/log.hpp>

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

namespace spidergate::telemetry::log {
namespace {

using std::chrono::seconds;

TEST(log_line, human_lines_quote_only_what_needs_it) {
  EXPECT_EQ(make_line(format::human, 0, level::info, "listening",
                      {{"at", "127.0.0.1:4080"}, {"tls", false}, {"threads", 8}, {"label", "two words"}}, 0),
            "1970-01-01T00:00:00.000Z INFO  listening at=127.0.0.1:4080 tls=false threads=8 label=\"two words\"");
}

TEST(log_line, json_lines_keep_types) {
  EXPECT_EQ(
      make_line(format::json, 1'500, level::warning, "slow \"store\"", {{"ms", 12}, {"known", true}, {"who", "a\nb"}},
                0),
      R"({"time":"1970-01-01T00:00:01.500Z","level":"warning","message":"slow \"store\"","ms":12,"known":true,"who":"a\nb"})");
}

TEST(log_line, no_text_can_start_a_second_line) {
  for (const auto shape : {format::human, format::json}) {
    const auto line = make_line(shape, 0, level::error, "a\nb\r\x1b[2J", {{"k\n", "v\nw"}}, 0);
    EXPECT_EQ(line.find_first_of("\n\r\x1b"), std::string::npos) << line;
  }
}

TEST(log_line, lines_left_out_are_told) {
  EXPECT_TRUE(make_line(format::human, 0, level::error, "m", {}, 3).ends_with("m lines_left_out=3"));
  EXPECT_TRUE(make_line(format::json, 0, level::error, "m", {}, 3).ends_with(R"("lines_left_out":3})"));
}

TEST(site_gate, a_flood_passes_its_burst_and_is_counted) {
  site_gate gate;
  const steady_time start{seconds(1'000)};
  for (std::uint64_t i = 0; i < site_gate::burst; ++i) EXPECT_EQ(gate.pass(7, start), 0U);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(gate.pass(7, start + seconds(1)), std::nullopt);
  EXPECT_EQ(gate.pass(8, start), 0U);
  EXPECT_EQ(gate.pass(7, start + site_gate::window), 5U);
  EXPECT_EQ(gate.pass(7, start + site_gate::window), 0U);
}

class captured_log : public testing::Test {
 protected:
  void capture(level least) {
    configure({least, format::human, [this](std::string_view line) { lines.emplace_back(line); }});
  }
  void TearDown() override { configure({}); }
  std::vector<std::string> lines;
};

TEST_F(captured_log, levels_below_the_least_are_silent) {
  capture(level::info);
  debug("no");
  info("yes", {{"n", 1}});
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_TRUE(lines[0].ends_with("INFO  yes n=1"));
  EXPECT_FALSE(enabled(level::debug));
}

TEST_F(captured_log, warnings_of_one_site_are_limited) {
  capture(level::debug);
  for (int i = 0; i < 100; ++i) warning("again");
  EXPECT_GE(lines.size(), site_gate::burst);
  EXPECT_LE(lines.size(), 2 * site_gate::burst);
}

TEST_F(captured_log, threads_do_not_mix_their_lines) {
  capture(level::info);
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([] {
        for (int i = 0; i < 200; ++i) info("whole line");
      });
    }
  }
  EXPECT_EQ(lines.size(), 800U);
  for (const auto& line : lines) EXPECT_TRUE(line.ends_with("INFO  whole line"));
}

}  // namespace
}  // namespace spidergate::telemetry::log
