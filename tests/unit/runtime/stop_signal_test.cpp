#include <spidergate/runtime/stop_signal.hpp>

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace spidergate::runtime {
namespace {

TEST(stop_signal, interrupts_the_innermost_first_and_keeps_the_first_reason) {
  stop_signal signal;
  std::string order;
  const stop_signal::on_stop outer(signal, [&] { order += 'o'; });
  const stop_signal::on_stop inner(signal, [&] { order += 'i'; });
  signal.stop(stop_signal::reason::client_gone);
  signal.stop(stop_signal::reason::deadline);
  EXPECT_EQ(order, "io");
  EXPECT_EQ(signal.why(), stop_signal::reason::client_gone);
}

TEST(stop_signal, calls_at_once_when_it_has_stopped_already) {
  stop_signal signal;
  signal.stop(stop_signal::reason::shutdown);
  int calls = 0;
  const stop_signal::on_stop late(signal, [&] { ++calls; });
  EXPECT_EQ(calls, 1);
}

TEST(stop_signal, forgets_guards_that_are_gone) {
  stop_signal signal;
  int calls = 0;
  {
    const stop_signal::on_stop guard(signal, [&] { ++calls; });
  }
  signal.stop(stop_signal::reason::deadline);
  EXPECT_EQ(calls, 0);
}

TEST(stop_signal, survives_an_interrupt_that_ends_an_outer_wait) {
  stop_signal signal;
  int calls = 0;
  std::optional<stop_signal::on_stop> outer;
  outer.emplace(signal, [&] { ++calls; });
  const stop_signal::on_stop inner(signal, [&] { outer.reset(); });
  signal.stop(stop_signal::reason::deadline);
  EXPECT_EQ(calls, 0);
}

}  // namespace
}  // namespace spidergate::runtime
