#include "store_contact.hpp"

#include <gtest/gtest.h>

namespace spidergate::app {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

struct hands : runtime::clock {
  steady_time steady{seconds(100'000)};
  epoch_ms epoch = 1'800'000'000'000;
  [[nodiscard]] steady_time steady_now() const noexcept override { return steady; }
  [[nodiscard]] epoch_ms epoch_now() const noexcept override { return epoch; }
  void pass(std::chrono::milliseconds time) {
    steady += time;
    epoch += time.count();
  }
};

TEST(store_contact, counts_from_the_last_answer) {
  hands time;
  store_contact contact(true, minutes(10), time);
  contact.begin(time.epoch, false);
  EXPECT_TRUE(contact.reached());
  time.pass(seconds(30));
  EXPECT_FALSE(contact.reached());
  EXPECT_EQ(contact.age(), seconds(30));
  EXPECT_EQ(contact.last(), time.epoch - 30'000);
}

TEST(store_contact, stops_believing_tokens_after_the_configured_time) {
  hands time;
  store_contact contact(true, minutes(10), time);
  contact.begin(time.epoch, false);
  time.pass(minutes(10));
  contact.check();
  EXPECT_FALSE(contact.too_old());
  time.pass(seconds(1));
  contact.check();
  EXPECT_TRUE(contact.too_old());
  contact.believe_for(minutes(20));
  contact.check();
  EXPECT_FALSE(contact.too_old());
}

TEST(store_contact, goes_on_counting_what_an_earlier_process_had_counted) {
  hands time;
  store_contact contact(true, minutes(10), time);
  contact.begin(time.epoch - 9 * 60'000, true);
  contact.check();
  EXPECT_FALSE(contact.reached());
  EXPECT_FALSE(contact.too_old());
  time.pass(minutes(2));
  contact.check();
  EXPECT_TRUE(contact.too_old());
}

TEST(store_contact, of_a_file_is_always_there) {
  hands time;
  store_contact contact(false, minutes(0), time);
  time.pass(minutes(60));
  contact.check();
  EXPECT_TRUE(contact.reached());
  EXPECT_FALSE(contact.too_old());
}

}  // namespace
}  // namespace spidergate::app
