#include "multipart.hpp"

#include <gtest/gtest.h>

#include <string>

namespace spidergate::openai {
namespace {

constexpr std::string_view type = "multipart/form-data; boundary=b";

std::string part(const std::string& head, const std::string& content) {
  return "--b\r\n" + head + "\r\n\r\n" + content + "\r\n";
}
std::string field(const std::string& name, const std::string& content) {
  return part("Content-Disposition: form-data; name=\"" + name + "\"", content);
}
const std::string end = "--b--\r\n";

std::string why(std::string_view content_type, const std::string& body) {
  const auto read = read_multipart(content_type, body);
  return read ? "" : read.error();
}

TEST(read_multipart, gives_the_parts_as_views_in_order) {
  const std::string file("ID3\0\r\n--a\r\n--\xff\r", 15);
  const std::string body =
      field("model", "whisper-1") +
      part("content-disposition: form-data; filename=\"a; \\\"b\\\".mp3\"; name=\"file\"\r\nContent-Type: audio/mpeg",
           file) +
      field("empty", "") + end;
  const auto read = read_multipart(type, body);
  ASSERT_TRUE(read) << read.error();
  ASSERT_EQ(read->size(), 3u);
  EXPECT_EQ((*read)[0].name, "model");
  EXPECT_EQ((*read)[0].content, "whisper-1");
  EXPECT_EQ((*read)[1].name, "file");
  EXPECT_EQ((*read)[1].filename, "a; \\\"b\\\".mp3");
  EXPECT_EQ((*read)[1].content_type, "audio/mpeg");
  EXPECT_EQ((*read)[1].content, file);
  EXPECT_EQ((*read)[2].content, "");
  EXPECT_GE((*read)[1].content.data(), body.data());
}

TEST(read_multipart, takes_what_known_clients_send) {
  struct {
    std::string_view content_type;
    std::string body;
  } const cases[] = {
      {"Multipart/Form-Data; charset=utf-8; boundary=\"b\"", field("x", "1") + end},
      {"multipart/form-data;boundary=b", "\r\n" + field("x", "1") + end},
      {"multipart/form-data; boundary=b", field("x", "1") + "--b--"},
      {"multipart/form-data; boundary=b", field("x", "1") + "--b--\r\n\r\n"},
      {"multipart/form-data; boundary=b", "--b  \r\nContent-Disposition: form-data; name=x\r\n\r\n1\r\n--b--\r\n"},
      {"multipart/form-data; boundary=----geckoformboundary'()+_,-./:=?0",
       "------geckoformboundary'()+_,-./:=?0\r\nContent-Disposition: form-data; name=\"x\"; filename*=UTF-8''a%20b; "
       "filename=\"a b\"\r\n\r\n1\r\n------geckoformboundary'()+_,-./:=?0--\r\n"},
  };
  for (const auto& c : cases) {
    const auto read = read_multipart(c.content_type, c.body);
    ASSERT_TRUE(read) << c.body << read.error();
    ASSERT_EQ(read->size(), 1u) << c.body;
    EXPECT_EQ(read->front().content, "1") << c.body;
  }
  EXPECT_TRUE(read_multipart(type, "--b--\r\n")->empty());
}

TEST(read_multipart, refuses_a_content_type_without_one_boundary) {
  for (const std::string_view bad :
       {"", "application/json", "multipart/form-data",
        "multipart/form-data; boundary=", "multipart/form-data; boundary=\"b", "multipart/form-data; boundary=\"b \"",
        "multipart/form-data; boundary=b; boundary=c", "multipart/mixed; boundary=b",
        "multipart/form-data; boundary=\"b\xc3\xa4\"",
        "multipart/form-data; boundary=01234567890123456789012345678901234567890123456789012345678901234567890"}) {
    EXPECT_NE(why(bad, field("x", "1") + end).find("boundary"), std::string::npos) << bad;
  }
}

TEST(read_multipart, refuses_what_two_readers_could_see_differently) {
  const std::string disposition = "Content-Disposition: form-data; name=\"x\"";
  struct {
    std::string body;
    std::string_view says;
  } const cases[] = {
      {"", "does not begin"},
      {"text before\r\n" + field("x", "1") + end, "does not begin"},
      {"--c\r\n", "does not begin"},
      {field("x", "1"), "part 1 has no end"},
      {field("x", "1") + "--b", "something else behind a boundary"},
      {"--b\r\n" + disposition + "\r\n\r\n1", "part 1 has no end"},
      {"--b\r\n" + disposition + "\r\n\r\n1\n--b--", "part 1 has no end"},
      {"--b\r\n" + disposition + "\r\n", "no end of its header"},
      {"--b\n" + disposition + "\n\n1\n--b--\n", "something else behind a boundary"},
      {field("x", "1") + "--bc\r\n", "something else behind a boundary"},
      {field("x", "1") + end + "more", "behind its last boundary"},
      {part("Content-Type: text/plain", "1") + end, "part 1 has no Content-Disposition"},
      {part("Content-Disposition: attachment; name=\"x\"", "1") + end, "is no form-data"},
      {part("Content-Disposition: form-data", "1") + end, "has no name"},
      {part("Content-Disposition: form-data; name=\"\"", "1") + end, "has no name"},
      {part("Content-Disposition: form-data; name=\"x\"; name=\"y\"", "1") + end, "has two names"},
      {part("Content-Disposition: form-data; name=\"x", "1") + end, "malformed"},
      {part("Content-Disposition: form-data; name=\"x\" y", "1") + end, "malformed"},
      {part(disposition + "\r\n" + disposition, "1") + end, "two Content-Dispositions"},
      {part(disposition + "\r\nContent-Type: a/b\r\nContent-Type: c/d", "1") + end, "two Content-Types"},
      {part(disposition + "\r\nContent-Transfer-Encoding: base64", "MQ==") + end, "Content-Transfer-Encoding"},
      {part(disposition + "\r\n folded: no", "1") + end, "without a name"},
      {part(disposition + "\r\nX: a\nb", "1") + end, "control character"},
      {field("a", "1") + part("Content-Disposition: form-data; name", "1") + end, "part 2"},
  };
  for (const auto& c : cases) {
    const auto said = why(type, c.body);
    EXPECT_NE(said.find(c.says), std::string::npos) << c.body << "\nsaid: " << said;
  }
}

TEST(read_multipart, is_bounded) {
  std::string many;
  for (std::size_t i = 0; i < max_form_parts; ++i) many += field("x", "1");
  EXPECT_EQ(why(type, many + end), "");
  EXPECT_EQ(why(type, many + field("x", "1") + end), "it has more than 64 parts");
  const std::string long_line = "X: " + std::string(max_part_head_bytes, 'y');
  EXPECT_NE(why(type, part("Content-Disposition: form-data; name=x\r\n" + long_line, "1") + end).find("too long"),
            std::string::npos);
}

}  // namespace
}  // namespace spidergate::openai
