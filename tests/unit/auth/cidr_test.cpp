#include <spidergate/auth/authenticator.hpp>
#include <spidergate/auth/cidr.hpp>

#include <gtest/gtest.h>

namespace spidergate::auth {
namespace {

TEST(cidr, holds_its_addresses_and_no_others) {
  EXPECT_TRUE(in_cidr("10.255.0.1", "10.0.0.0/8"));
  EXPECT_FALSE(in_cidr("11.0.0.1", "10.0.0.0/8"));
  EXPECT_TRUE(in_cidr("192.0.2.130", "192.0.2.128/25"));
  EXPECT_FALSE(in_cidr("192.0.2.127", "192.0.2.128/25"));
  EXPECT_TRUE(in_cidr("192.0.2.1", "192.0.2.1"));
  EXPECT_FALSE(in_cidr("192.0.2.2", "192.0.2.1"));
  EXPECT_TRUE(in_cidr("8.8.8.8", "0.0.0.0/0"));
  EXPECT_TRUE(in_cidr("10.1.2.3", "10.9.9.9/8")) << "bits behind the prefix do not matter";
  EXPECT_TRUE(in_cidr("2001:db8:1::9", "2001:db8::/32"));
  EXPECT_FALSE(in_cidr("2001:db9::", "2001:db8::/32"));
  EXPECT_TRUE(in_cidr("fe80::1%eth0", "fe80::/10"));
}

TEST(cidr, mapped_addresses_count_as_ipv4) {
  EXPECT_TRUE(in_cidr("::ffff:10.0.0.1", "10.0.0.0/8"));
  EXPECT_TRUE(in_cidr("10.0.0.1", "::ffff:10.0.0.0/104"));
  EXPECT_FALSE(in_cidr("10.0.0.1", "::/0")) << "an IPv6 network holds no IPv4 addresses";
  EXPECT_FALSE(in_cidr("2001:db8::1", "0.0.0.0/0"));
}

TEST(cidr, malformed_ones_hold_nothing) {
  for (const auto* bad : {"", "/", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8x", "10.0.0/8", "::/129",
                          "any", "10.0.0.0/8/8"}) {
    EXPECT_FALSE(cidr::parse(bad)) << bad;
    EXPECT_FALSE(in_cidr("10.0.0.1", bad)) << bad;
  }
  EXPECT_FALSE(in_cidr("not an address", "0.0.0.0/0"));
}

TEST(trusted_proxies, without_proxies_the_peer_is_the_client) {
  EXPECT_EQ(trusted_proxies({}).client_address("203.0.113.9", "1.2.3.4"), "203.0.113.9");
  EXPECT_EQ(trusted_proxies({"10.0.0.0/8"}).client_address("203.0.113.9", "1.2.3.4"), "203.0.113.9")
      << "a peer that is no proxy is not believed";
}

TEST(trusted_proxies, last_address_that_is_no_proxy_is_the_client) {
  const trusted_proxies proxies({"10.0.0.0/8", "2001:db8::/32", "nonsense"});
  EXPECT_EQ(proxies.client_address("10.0.0.1", "198.51.100.7"), "198.51.100.7");
  EXPECT_EQ(proxies.client_address("10.0.0.1", "6.6.6.6, 198.51.100.7 , 10.0.0.2,10.0.0.3"), "198.51.100.7")
      << "what the client itself claims stands further left";
  EXPECT_EQ(proxies.client_address("::ffff:10.0.0.1", "198.51.100.7:4711"), "198.51.100.7");
  EXPECT_EQ(proxies.client_address("10.0.0.1", "[2001:dead::1]:80"), "2001:dead::1");
  EXPECT_EQ(proxies.client_address("10.0.0.1", "2001:dead::1"), "2001:dead::1");
}

TEST(trusted_proxies, what_is_no_address_ends_the_walk) {
  const trusted_proxies proxies({"10.0.0.0/8"});
  EXPECT_EQ(proxies.client_address("10.0.0.1", ""), "10.0.0.1");
  EXPECT_EQ(proxies.client_address("10.0.0.1", "unknown"), "10.0.0.1");
  EXPECT_EQ(proxies.client_address("10.0.0.1", "1.2.3.4, unknown, 10.0.0.2"), "10.0.0.2");
  EXPECT_EQ(proxies.client_address("10.0.0.1", "[, ,,["), "10.0.0.1");
  EXPECT_EQ(proxies.client_address("10.0.0.1", "10.0.0.3, 10.0.0.2"), "10.0.0.3") << "only proxies: the furthest";
}

TEST(credential, is_found_wherever_the_client_put_it) {
  EXPECT_EQ(credential_from("Bearer tok", "", ""), "tok");
  EXPECT_EQ(credential_from("bearer tok", "", ""), "tok");
  EXPECT_EQ(credential_from("  BEARER \t  tok  ", "", ""), "tok");
  EXPECT_EQ(credential_from("", " tok ", ""), "tok");
  EXPECT_EQ(credential_from("", "", "tok"), "tok");
  EXPECT_EQ(credential_from("Bearer one", "two", "three"), "one");
  EXPECT_EQ(credential_from("Basic abc", "two", "three"), "two");
  EXPECT_EQ(credential_from("Bearer ", "two", ""), "two");
}

TEST(credential, is_missing_where_there_is_no_token) {
  for (const auto* header : {"", "Bearer", "Bearer ", "bearer\t \t", "Bearertok", "Basic abc", "tok"}) {
    EXPECT_EQ(credential_from(header, "", ""), "") << header;
  }
}

}  // namespace
}  // namespace spidergate::auth
