#include <spidergate/upstream/client.hpp>

#include <gtest/gtest.h>

namespace spidergate::upstream {
namespace {

TEST(parse_url, takes_a_url_apart) {
  const auto plain = parse_url("https://API.example.com");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->where, (origin{.tls = true, .host = "api.example.com", .port = 443}));
  EXPECT_EQ(plain->path, "");
  const auto full = parse_url("HTTP://localhost:8080/v1/x/");
  ASSERT_TRUE(full);
  EXPECT_EQ(full->where, (origin{.tls = false, .host = "localhost", .port = 8080}));
  EXPECT_EQ(full->path, "/v1/x");
  const auto v6 = parse_url("http://[2001:DB8::1]:81/");
  ASSERT_TRUE(v6);
  EXPECT_EQ(v6->where, (origin{.tls = false, .host = "2001:db8::1", .port = 81}));
}

TEST(parse_url, refuses_what_is_malformed) {
  for (const auto* url : {"",
                          "example.com",
                          "ftp://example.com",
                          "https://",
                          "https:///x",
                          "https://user@example.com",
                          "https://a b",
                          "https://example.com:0",
                          "https://example.com:65536",
                          "https://example.com:",
                          "https://example.com:x",
                          "https://[::1",
                          "https://[nonsense]",
                          "https://[::1]x",
                          "https://example.com/?q",
                          "https://example.com/#f",
                          "https://example.com/a b",
                          "https://example.com/\r\nX: y",
                          "https://example.com\\@evil",
                          "https://[fe80::1%1]"}) {
    EXPECT_FALSE(parse_url(url)) << url;
  }
}

TEST(origin, names_the_port_only_where_it_is_odd) {
  EXPECT_EQ((origin{.host = "a.example"}).to_string(), "https://a.example");
  EXPECT_EQ((origin{.tls = false, .host = "a.example", .port = 80}).to_string(), "http://a.example");
  EXPECT_EQ((origin{.host = "::1", .port = 8443}).to_string(), "https://[::1]:8443");
}

TEST(is_private_address, closes_every_special_range) {
  for (const auto* address : {"0.0.0.0",
                              "10.1.2.3",
                              "100.64.0.1",
                              "100.127.255.255",
                              "127.0.0.1",
                              "127.255.255.255",
                              "169.254.169.254",
                              "172.16.0.1",
                              "172.31.255.255",
                              "192.0.0.170",
                              "192.0.2.1",
                              "192.88.99.1",
                              "192.168.1.1",
                              "198.18.0.1",
                              "198.19.255.255",
                              "198.51.100.1",
                              "203.0.113.1",
                              "224.0.0.1",
                              "239.255.255.255",
                              "240.0.0.1",
                              "255.255.255.255",
                              "::",
                              "::1",
                              "::ffff:127.0.0.1",
                              "::ffff:10.0.0.1",
                              "::ffff:a9fe:a9fe",
                              "::127.0.0.1",
                              "::ffff:0:10.0.0.1",
                              "64:ff9b::10.0.0.1",
                              "64:ff9b:1::1",
                              "2002:7f00:1::",
                              "2001::1",
                              "2001:db8::1",
                              "100::1",
                              "fc00::1",
                              "fd00:ec2::254",
                              "fe80::1",
                              "fe80::1%1",
                              "fec0::1",
                              "ff02::1",
                              "nonsense",
                              "",
                              "127.1"}) {
    EXPECT_TRUE(is_private_address(address)) << address;
  }
}

TEST(is_private_address, leaves_public_addresses_open) {
  for (const auto* address : {"1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.1", "172.15.0.1", "172.32.0.1",
                              "192.0.1.1", "198.17.0.1", "198.20.0.1", "223.255.255.255", "2606:4700::1111",
                              "2a00:1450:4001::1", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1"}) {
    EXPECT_FALSE(is_private_address(address)) << address;
  }
}

TEST(response_head, finds_fields_whatever_their_case) {
  response_head head;
  head.fields = {{"Retry-After", "7"}, {"retry-after", "8"}};
  EXPECT_EQ(head.find("RETRY-AFTER"), "7");
  EXPECT_EQ(head.find("absent"), "");
}

TEST(errc, explains_itself) {
  EXPECT_EQ(error_code(errc::tls_timeout).message(), "the TLS handshake with the provider took too long");
}

}  // namespace
}  // namespace spidergate::upstream
