#include "cuts.hpp"
#include "head_parser.hpp"
#include "head_scanner.hpp"

#include <gtest/gtest.h>

#include <string>

using namespace spidergate::http;

namespace {

struct reading {
  verdict why;
  std::size_t size = 0;
  bool complete = false;
};

/// Feeds the bytes as a connection does: the scanner sees a growing buffer, the parser the complete head.
reading read(const std::vector<std::string_view>& pieces, request_head& head, std::string& buffer,
             std::size_t limit = 16'384) {
  head_scanner scanner(limit);
  buffer.clear();
  for (const auto piece : pieces) {
    buffer.append(piece);
    const auto progress = scanner.scan(buffer);
    if (progress == head_scanner::progress::refused) return {scanner.reason(), 0, false};
    if (progress == head_scanner::progress::complete) {
      const auto text = std::string_view(buffer).substr(scanner.begin(), scanner.size() - scanner.begin());
      return {parse_head(text, head), scanner.size(), true};
    }
  }
  return {};
}

refusal verdict_of(std::string_view input, std::size_t limit = 16'384) {
  std::optional<refusal> first;
  for (const auto& pieces : spidergate::testing::all_cuts(input)) {
    request_head head;
    std::string buffer;
    const auto r = read(pieces, head, buffer, limit);
    const auto why =
        r.complete || r.why.why != refusal::none ? r.why.why : refusal::timed_out;  // unfinished: would time out
    EXPECT_EQ(r.why.why == refusal::none, r.why.message.empty());
    if (!first) first = why;
    EXPECT_EQ(*first, why) << "cut into " << pieces.size() << " pieces: " << input;
  }
  return *first;
}

std::string get(std::string_view fields) {
  return "GET / HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n";
}
std::string post(std::string_view fields) {
  return "POST /v1/x HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n";
}

struct attack {
  const char* name;
  std::string bytes;
  refusal expected = refusal::bad_request;
};

using namespace std::string_literals;

const attack attacks[] = {
    {"length_and_transfer_encoding", post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n")},
    {"transfer_encoding_and_length", post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n")},
    {"length_repeated_differing", post("Content-Length: 5\r\nContent-Length: 6\r\n")},
    {"length_repeated_equal", post("Content-Length: 5\r\nContent-Length: 5\r\n")},
    {"length_repeated_in_other_case", post("Content-Length: 5\r\ncontent-length: 5\r\n")},
    {"length_list", post("Content-Length: 5, 5\r\n")},
    {"length_plus", post("Content-Length: +5\r\n")},
    {"length_minus", post("Content-Length: -5\r\n")},
    {"length_hex", post("Content-Length: 0x5\r\n")},
    {"length_empty", post("Content-Length:\r\n")},
    {"length_inner_blank", post("Content-Length: 1 2\r\n")},
    {"length_letter", post("Content-Length: 5a\r\n")},
    {"length_fraction", post("Content-Length: 5.0\r\n")},
    {"length_quoted", post("Content-Length: \"5\"\r\n")},
    {"length_overflow", post("Content-Length: 18446744073709551616\r\n")},
    {"length_overflow_far", post("Content-Length: 99999999999999999999999999\r\n")},
    {"transfer_encoding_twice", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")},
    {"transfer_encoding_list", post("Transfer-Encoding: gzip, chunked\r\n")},
    {"transfer_encoding_chunked_first", post("Transfer-Encoding: chunked, gzip\r\n")},
    {"transfer_encoding_chunked_twice", post("Transfer-Encoding: chunked, chunked\r\n")},
    {"transfer_encoding_identity", post("Transfer-Encoding: identity\r\n")},
    {"transfer_encoding_unknown", post("Transfer-Encoding: xchunked\r\n")},
    {"transfer_encoding_parameter", post("Transfer-Encoding: chunked;q=1\r\n")},
    {"transfer_encoding_quoted", post("Transfer-Encoding: \"chunked\"\r\n")},
    {"transfer_encoding_empty", post("Transfer-Encoding:\r\n")},
    {"transfer_encoding_vertical_tab", post("Transfer-Encoding:\x0b chunked\r\n")},
    {"transfer_encoding_second_unknown", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n")},
    {"transfer_encoding_on_http_1_0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"},
    {"fold_space", get("X: a\r\n b\r\n")},
    {"fold_tab", get("X: a\r\n\tb\r\n")},
    {"fold_of_transfer_encoding", post("Transfer-Encoding:\r\n chunked\r\n")},
    {"fold_before_first_field", "GET / HTTP/1.1\r\n Host: a\r\n\r\n"},
    {"bare_lf_after_request_line", "GET / HTTP/1.1\nHost: a\r\n\r\n"},
    {"bare_lf_after_field", "GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n"},
    {"bare_lf_at_end", "GET / HTTP/1.1\r\nHost: a\r\n\n"},
    {"bare_lf_only", "GET / HTTP/1.1\nHost: a\n\n"},
    {"bare_cr_in_value", get("X: a\rb\r\n")},
    {"bare_cr_in_name", get("X\r: a\r\n")},
    {"bare_cr_in_target", "GET /a\rb HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"cr_cr_lf", get("X: a\r\r\n")},
    {"nul_in_value", get("X: a\0b\r\n"s)},
    {"nul_in_name", get("X\0: a\r\n"s)},
    {"nul_in_target", "GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n"s},
    {"nul_after_length", post("Content-Length: 5\0\r\n"s)},
    {"escape_in_value", get("X: \x1b[31m\r\n")},
    {"delete_in_value", get("X: a\x7f\r\n")},
    {"delete_in_target", "GET /\x7f HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"vertical_tab_in_name", get("X\x0b: a\r\n")},
    {"blank_before_colon", get("X : a\r\n")},
    {"tab_before_colon", get("X\t: a\r\n")},
    {"blank_before_colon_of_length", post("Content-Length : 5\r\n")},
    {"blank_in_name", get("X Y: a\r\n")},
    {"empty_name", get(": a\r\n")},
    {"no_colon", get("Xa\r\n")},
    {"parenthesis_in_name", get("X(: a\r\n")},
    {"high_byte_in_name", get("X\xc3\xa9: a\r\n")},
    {"method_control_byte", "G\x01T / HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"method_colon", "GET: / HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"method_missing", " / HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"target_missing", "GET  HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"two_blanks_before_target", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"blank_in_target", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"tab_for_blank", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"fragment_in_target", "GET /#a HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"high_byte_in_target", "GET /\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"relative_target", "GET v1/models HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"star_for_get", "GET * HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"other_scheme", "GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"absolute_without_authority", "GET http:///a HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"http_0_9", "GET /\r\n\r\n"},
    {"version_lower_case", "GET / http/1.1\r\nHost: a\r\n\r\n"},
    {"version_two_digits", "GET / HTTP/1.10\r\nHost: a\r\n\r\n"},
    {"version_trailing_blank", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n"},
    {"version_without_minor", "GET / HTTP/1\r\nHost: a\r\n\r\n"},
    {"host_missing", "GET / HTTP/1.1\r\nX: a\r\n\r\n"},
    {"host_repeated", get("Host: b\r\n")},
    {"host_repeated_equal", get("Host: a\r\n")},
    {"host_repeated_on_1_0", "GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n"},
    {"host_with_path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"},
    {"host_with_user", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n"},
    {"host_list", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n"},
    {"two_empty_lines_first", "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"lf_first", "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"tls_hello", "\x16\x03\x01\x02"},
    {"ssh_banner_never_ends_a_line_well", "SSH-2.0-OpenSSH_9.2\r\n"},
    {"http_2_preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", refusal::unsupported_version},
    {"http_1_2", "GET / HTTP/1.2\r\nHost: a\r\n\r\n", refusal::unsupported_version},
    {"http_3", "GET / HTTP/3.0\r\nHost: a\r\n\r\n", refusal::unsupported_version},
    {"http_0_9_stated", "GET / HTTP/0.9\r\nHost: a\r\n\r\n", refusal::unsupported_version},
    {"connect_authority", "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", refusal::unsupported_method},
    {"connect_path", "CONNECT /a HTTP/1.1\r\nHost: a\r\n\r\n", refusal::unsupported_method},
    {"expectation_unknown", post("Expect: 200-maybe\r\n"), refusal::expectation_failed},
};

TEST(request_head, every_attack_is_refused_however_it_is_cut) {
  for (const auto& a : attacks) EXPECT_EQ(verdict_of(a.bytes), a.expected) << a.name;
}

TEST(request_head, a_wrong_first_byte_is_refused_before_anything_else_arrives) {
  head_scanner scanner(16'384);
  EXPECT_EQ(scanner.scan("\x16"), head_scanner::progress::refused);
}

TEST(request_head, an_http_2_preface_is_refused_at_its_first_line) {
  head_scanner scanner(16'384);
  EXPECT_EQ(scanner.scan("PRI * HTTP/2.0\r"), head_scanner::progress::refused);
  EXPECT_EQ(scanner.reason().why, refusal::unsupported_version);
}

TEST(request_head, every_control_byte_is_refused_at_every_place) {
  const auto good = post("X-Long-Name: some value that is longer than eight bytes\r\n");
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (int c = 0; c < 32; ++c) {
      if (c == '\t' || good[at] == '\r' || good[at] == '\n') continue;
      auto bad = good;
      bad[at] = static_cast<char>(c);
      request_head head;
      std::string buffer;
      EXPECT_EQ(read({bad}, head, buffer).why.why, refusal::bad_request) << at << " " << c;
    }
  }
}

TEST(request_head, fields_are_views_into_the_bytes_that_were_read) {
  request_head head;
  std::string buffer;
  const auto text =
      "POST /v1/chat/completions?beta=true&x=%20 HTTP/1.1\r\nHost: gate.example:4080\r\nContent-Length: 0012\r\n"
      "Authorization:Bearer sg_key\r\nX-Blank: \t padded value \t \r\nX-Empty:\r\nX-Text: gr\xc3\xbc\xc3\x9f"
      "e\ttab\r\n\r\nBODY"s;
  for (const auto& pieces : spidergate::testing::all_cuts(text)) {
    const auto r = read(pieces, head, buffer);
    ASSERT_TRUE(r.complete);
    ASSERT_EQ(r.why.why, refusal::none) << r.why.message;
    EXPECT_EQ(text.substr(r.size), "BODY");
    EXPECT_EQ(head.method, "POST");
    EXPECT_EQ(head.target, "/v1/chat/completions?beta=true&x=%20");
    EXPECT_EQ(head.path, "/v1/chat/completions");
    EXPECT_EQ(head.query, "beta=true&x=%20");
    EXPECT_EQ(head.version, 11);
    EXPECT_EQ(head.content_length, 12U);
    EXPECT_FALSE(head.chunked);
    EXPECT_TRUE(head.keep_alive);
    EXPECT_EQ(head.fields.size(), 6U);
    EXPECT_EQ(head.find("authorization"), "Bearer sg_key");
    EXPECT_EQ(head.find("x-blank"), "padded value");
    EXPECT_EQ(head.find("X-EMPTY"), "");
    EXPECT_EQ(head.find("x-text"),
              "gr\xc3\xbc\xc3\x9f"
              "e\ttab");
    EXPECT_EQ(head.find("absent").data(), nullptr);
    for (const auto& f : head.fields) {
      EXPECT_TRUE(f.name.data() >= buffer.data() && f.name.data() < buffer.data() + buffer.size());
      if (!f.value.empty())
        EXPECT_TRUE(f.value.data() >= buffer.data() && f.value.data() < buffer.data() + buffer.size());
    }
  }
}

struct accepted {
  const char* name;
  std::string bytes;
  bool keep_alive = true;
};

TEST(request_head, what_honest_clients_send_is_accepted) {
  const accepted cases[] = {
      {"plain", get("")},
      {"lower_case_names", "GET / HTTP/1.1\r\nhost: a\r\n\r\n"},
      {"empty_host", "GET / HTTP/1.1\r\nHost:\r\n\r\n"},
      {"ipv6_host", "GET / HTTP/1.1\r\nHost: [::1]:4080\r\n\r\n"},
      {"one_empty_line_first", "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"unknown_method", "BREW / HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"options_star", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"chunked_in_capitals", post("Transfer-Encoding: CHUNKED\r\n")},
      {"expect_continue", post("Expect: 100-Continue\r\nContent-Length: 5\r\n")},
      {"empty_chunk_value_list", post("Connection: keep-alive, upgrade\r\n")},
      {"close", get("Connection: close\r\n"), false},
      {"close_in_capitals", get("Connection: CLOSE\r\n"), false},
      {"close_in_a_list", get("Connection: foo , close\r\n"), false},
      {"close_in_a_second_field", get("Connection: foo\r\nConnection: close\r\n"), false},
      {"not_quite_close", get("Connection: closed\r\n")},
      {"http_1_0", "GET / HTTP/1.0\r\n\r\n", false},
      {"http_1_0_keep_alive", "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"},
      {"http_1_0_expect_is_ignored", "POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n", false},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(verdict_of(c.bytes), refusal::none) << c.name;
    request_head head;
    std::string buffer;
    read({c.bytes}, head, buffer);
    EXPECT_EQ(head.keep_alive, c.keep_alive) << c.name;
    if (head.version == 10) EXPECT_FALSE(head.expects_continue) << c.name;
  }
}

TEST(request_head, the_absolute_form_is_taken_apart) {
  struct {
    const char* target;
    const char* path;
    const char* query;
  } const cases[] = {{"http://a/v1/models?x=1", "/v1/models", "x=1"},
                     {"HTTPS://a:443", "/", ""},
                     {"http://a?x", "/", "x"},
                     {"/a?b?c", "/a", "b?c"},
                     {"/?", "/", ""}};
  for (const auto& c : cases) {
    request_head head;
    std::string buffer;
    read({"GET " + std::string(c.target) + " HTTP/1.1\r\nHost: a\r\n\r\n"}, head, buffer);
    EXPECT_EQ(head.path, c.path) << c.target;
    EXPECT_EQ(head.query, c.query) << c.target;
  }
}

TEST(request_head, the_limit_is_exact_and_does_not_depend_on_cuts) {
  const auto head = get("X: " + std::string(200, 'a') + "\r\n");
  EXPECT_EQ(verdict_of(head, head.size()), refusal::none);
  EXPECT_EQ(verdict_of(head, head.size() - 1), refusal::head_too_large);
  EXPECT_EQ(verdict_of(std::string(5000, 'A'), 4096), refusal::head_too_large);
}

TEST(request_head, too_many_fields_are_refused) {
  std::string fields;
  for (std::size_t i = 1; i < max_fields; ++i) fields += "a:\r\n";
  EXPECT_EQ(verdict_of(get(fields)), refusal::none);
  EXPECT_EQ(verdict_of(get(fields + "a:\r\n")), refusal::head_too_large);
}

TEST(request_head, an_unfinished_head_waits_for_more) {
  const auto good = get("Connection: close\r\n");
  for (std::size_t size = 1; size < good.size(); ++size) {
    head_scanner scanner(16'384);
    EXPECT_EQ(scanner.scan(std::string_view(good).substr(0, size)), head_scanner::progress::more) << size;
  }
}

TEST(request_head, a_used_head_keeps_nothing_of_the_request_before) {
  request_head head;
  std::string buffer;
  read({post("Transfer-Encoding: chunked\r\nExpect: 100-continue\r\nConnection: close\r\n")}, head, buffer);
  EXPECT_TRUE(head.chunked);
  EXPECT_TRUE(head.expects_continue);
  read({get("")}, head, buffer);
  EXPECT_FALSE(head.chunked);
  EXPECT_FALSE(head.expects_continue);
  EXPECT_TRUE(head.keep_alive);
  EXPECT_EQ(head.fields.size(), 1U);
}

}  // namespace
