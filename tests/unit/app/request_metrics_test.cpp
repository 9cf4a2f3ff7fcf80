#include "request_metrics.hpp"

#include <gtest/gtest.h>

#include <string>
#include <thread>

namespace spidergate::app {
namespace {

model::receipt receipt_of(const std::string& provider, const std::string& model) {
  model::receipt r;
  r.endpoint = "chat", r.status = "ok", r.provider = provider, r.model = model;
  r.latency_ms = 20;
  r.tokens.prompt = 7, r.tokens.completion = 2, r.cost.nano_usd = 5;
  model::attempt good;
  good.provider = provider, good.model = model, good.status = 200;
  r.attempts = {good};
  return r;
}

std::string text_of(const telemetry::registry& all) {
  std::string out;
  all.expose(out);
  return out;
}

bool has(const std::string& text, const std::string& line) {
  return text.find(line + "\n") != std::string::npos;
}

TEST(recent_series, looks_up_what_it_has_not_met_and_holds_a_few) {
  recent_series<2, int> recent;
  int lookups = 0;
  for (int round = 0; round < 3; ++round) EXPECT_EQ(recent.find({"a", "b"}, [&] { return ++lookups; }), 1);
  EXPECT_EQ(recent.find({"ab", ""}, [&] { return ++lookups; }), 2);
  for (int i = 0; i < 1'000; ++i) {
    const auto text = std::to_string(i);
    EXPECT_EQ(recent.find({text, text}, [&] { return i; }), i);
    EXPECT_EQ(recent.find({text, text}, [] { return -1; }), i);
  }
  EXPECT_EQ(recent.size(), (recent_series<2, int>::most));
  EXPECT_EQ(recent.find({"a", "b"}, [&] { return ++lookups; }), 3);
}

TEST(request_metrics, counts_the_same_on_a_worker_as_elsewhere) {
  for (const bool on_worker : {false, true}) {
    telemetry::registry all(1);
    request_metrics metrics(all);
    std::jthread([&] {
      if (on_worker) telemetry::count_as_worker(0);
      for (int i = 0; i < 100; ++i) metrics.finished(receipt_of("p" + std::to_string(i % 20), "m"));
      auto refused = receipt_of("", "");
      refused.status = "refused", refused.error_code = "rate_limited", refused.attempts.clear();
      metrics.finished(refused);
      auto second = receipt_of("p0", "m");
      second.attempts.push_back(second.attempts.front());
      second.attempts[0].error = "overloaded", second.attempts[0].status = 503;
      second.attempts.push_back(second.attempts.front());
      second.attempts[2].status = 0;
      second.fallback_used = true, second.time_to_first_token_ms = 3;
      metrics.finished(second);
    }).join();
    const auto text = text_of(all);
    EXPECT_TRUE(has(text, R"(spidergate_requests_total{endpoint="chat",status="ok",code=""} 101)")) << text;
    EXPECT_TRUE(has(text, R"(spidergate_requests_total{endpoint="chat",status="refused",code="rate_limited"} 1)"));
    EXPECT_TRUE(has(text, R"(spidergate_attempts_total{provider="p0",outcome="ok"} 6)"));
    EXPECT_TRUE(has(text, R"(spidergate_attempts_total{provider="p0",outcome="503"} 1)"));
    EXPECT_TRUE(has(text, R"(spidergate_attempts_total{provider="p0",outcome="failed"} 1)"));
    EXPECT_TRUE(has(text, "spidergate_fallbacks_total 1"));
    const std::string labels = R"({gen_ai_provider_name="p0",gen_ai_request_model="m")";
    EXPECT_TRUE(has(text, "gen_ai_client_token_usage_total" + labels + R"(,gen_ai_token_type="input"} 42)")) << text;
    EXPECT_TRUE(has(text, "gen_ai_client_token_usage_total" + labels + R"(,gen_ai_token_type="output"} 12)"));
    EXPECT_TRUE(has(text, R"(spidergate_cost_nano_usd_total{provider="p0",model="m"} 30)"));
    EXPECT_TRUE(has(text, "gen_ai_server_request_duration_count" + labels + "} 6"));
    EXPECT_TRUE(has(text, "gen_ai_server_time_to_first_token_count" + labels + "} 1"));
    EXPECT_EQ(text.find(R"(first_token_count{gen_ai_provider_name="p1")"), std::string::npos);
  }
}

}  // namespace
}  // namespace spidergate::app
