#include "exposition.hpp"

#include <spidergate/telemetry/metrics.hpp>

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace spidergate::telemetry {
namespace {

using namespace std::chrono_literals;

std::string text_of(const registry& all) {
  std::string out;
  all.expose(out);
  return out;
}

bool has_line(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

TEST(metrics, series_of_one_name_stand_under_one_head) {
  registry all(2);
  auto& ok = all.add_counter("sg_requests_total", "Requests.", {{"class", "2xx"}});
  all.add_gauge("sg_open", "Open.").set(3);
  auto& bad = all.add_counter("sg_requests_total", "Requests.", {{"class", "5xx"}});
  ok.add();
  bad.add(4);
  EXPECT_EQ(text_of(all),
            "# HELP sg_requests_total Requests.\n# TYPE sg_requests_total counter\n"
            "sg_requests_total{class=\"2xx\"} 1\nsg_requests_total{class=\"5xx\"} 4\n"
            "# HELP sg_open Open.\n# TYPE sg_open gauge\nsg_open 3\n");
}

TEST(metrics, what_workers_count_adds_up) {
  registry all(4);
  auto& hits = all.add_counter("hits_total", "h");
  auto& level = all.add_gauge("level", "l");
  auto& series = all.add_counters("series_total", "s", {"who"});
  auto& latency = all.add_histogram("latency_seconds", "l", latency_scale());
  {
    std::vector<std::jthread> threads;
    for (std::size_t t = 0; t < 6; ++t) {  // two more than workers: those share cells
      threads.emplace_back([&, t] {
        count_as_worker(t);
        level.add(2);
        for (int i = 0; i < 10'000; ++i) {
          hits.add();
          series.with({i % 2 == 0 ? "even" : "odd"}).add();
          latency.observe(1ms);
        }
        level.add(-1);
      });
    }
    for (int i = 0; i < 20; ++i) text_of(all);
  }
  EXPECT_EQ(hits.value(), 60'000);
  EXPECT_EQ(level.value(), 6);
  EXPECT_EQ(series.with({"even"}).value(), 30'000);
  EXPECT_EQ(latency.read().cumulative.back(), 60'000);
  EXPECT_EQ(latency.read().sum, 60'000 * std::int64_t{1'000'000});
}

TEST(metrics, histogram_buckets_are_cumulative_and_bounds_inclusive) {
  registry all(1);
  auto& h = all.add_histogram("t_seconds", "t", latency_scale(), {{"k", "v"}});
  h.observe(50us);
  h.observe(51us);
  h.observe(120s);
  h.observe(121s);
  const auto text = text_of(all);
  EXPECT_TRUE(has_line(text, R"(t_seconds_bucket{k="v",le="0.00005"} 1)")) << text;
  EXPECT_TRUE(has_line(text, R"(t_seconds_bucket{k="v",le="0.0001"} 2)"));
  EXPECT_TRUE(has_line(text, R"(t_seconds_bucket{k="v",le="60"} 2)"));
  EXPECT_TRUE(has_line(text, R"(t_seconds_bucket{k="v",le="120"} 3)"));
  EXPECT_TRUE(has_line(text, R"(t_seconds_bucket{k="v",le="+Inf"} 4)"));
  EXPECT_TRUE(has_line(text, R"(t_seconds_sum{k="v"} 241.000101)"));
  EXPECT_TRUE(has_line(text, R"(t_seconds_count{k="v"} 4)"));
}

TEST(metrics, label_values_and_help_are_escaped) {
  registry all(1);
  all.add_counters("m_total", "a\\b\nc", {"model"}).with({"x\"y\\z\n"}).add();
  EXPECT_EQ(text_of(all), "# HELP m_total a\\\\b\\nc\n# TYPE m_total counter\nm_total{model=\"x\\\"y\\\\z\\n\"} 1\n");
}

TEST(metrics, a_family_is_bounded_and_counts_the_rest_as_other) {
  registry all(1);
  auto& models = all.add_counters("m_total", "m", {"provider", "model"}, 3);
  std::jthread([&] {
    count_as_worker(0);
    for (int i = 0; i < 10; ++i) models.with({"p", "m" + std::to_string(i)}).add();
    models.with({"p", "m1"}).add();
  }).join();
  const auto text = text_of(all);
  EXPECT_TRUE(has_line(text, R"(m_total{provider="p",model="m1"} 2)")) << text;
  EXPECT_TRUE(has_line(text, R"(m_total{provider="other",model="other"} 7)"));
  EXPECT_EQ(text.find("m5"), std::string::npos);
}

TEST(metrics, label_values_cannot_be_confused_by_their_bytes) {
  registry all(1);
  auto& pairs = all.add_counters("p_total", "p", {"a", "b"});
  pairs.with({"x\x1f", "y"}).add();
  pairs.with({"x", "\x1fy"}).add();
  EXPECT_EQ(pairs.with({"x", "\x1fy"}).value(), 1);
}

TEST(metrics, observed_values_are_asked_at_each_scrape) {
  registry all(1);
  std::int64_t now = 1;
  all.add_observed_gauge("queue", "q", {}, [&] { return now; });
  all.add_observed_counter("loaded_total", "l", {}, [&] { return now * 10; });
  now = 7;
  EXPECT_TRUE(has_line(text_of(all), "queue 7"));
  EXPECT_TRUE(has_line(text_of(all), "loaded_total 70"));
}

TEST(metrics, wrong_registrations_are_refused) {
  registry all(1);
  all.add_counter("a_total", "a");
  EXPECT_THROW(all.add_counter("a_total", "a"), std::logic_error);
  EXPECT_THROW(all.add_gauge("a_total", "a"), std::logic_error);
  EXPECT_THROW(all.add_counter("1a", "a"), std::logic_error);
  EXPECT_THROW(all.add_counter("a b", "a"), std::logic_error);
  EXPECT_THROW(all.add_counter("b_total", "b", {{"le", "x"}}), std::logic_error);
  EXPECT_THROW(all.add_counters("c_total", "c", {"bad-name"}), std::logic_error);
  EXPECT_THROW((void)all.add_counters("d_total", "d", {"x"}).with({"1", "2"}), std::logic_error);
}

TEST(exposition, scaled_numbers_are_exact) {
  EXPECT_EQ(exposition::scaled(0, 1'000'000'000), "0");
  EXPECT_EQ(exposition::scaled(2'500'000, 1'000'000'000), "0.0025");
  EXPECT_EQ(exposition::scaled(-1'500'000'000, 1'000'000'000), "-1.5");
  EXPECT_EQ(exposition::scaled(42, 1), "42");
}

}  // namespace
}  // namespace spidergate::telemetry
