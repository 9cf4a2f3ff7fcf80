#pragma once
#include <spidergate/providers/dialect.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

/// Images that are made, for dialects whose requests and answers are not OpenAI's.
namespace spidergate::providers::media {

struct picture_size {
  std::int64_t width = 0, height = 0;  ///< pixels
};

enum class picture_format : std::uint8_t { unsaid, url, base64 };

/// What a client wants painted.
struct picture_wish {
  std::string_view prompt_raw;       ///< a JSON string with its quotes, of the client's bytes
  std::optional<picture_size> size;  ///< nothing: not said, or "auto"
  std::int64_t count = 1;
  picture_format format = picture_format::unsaid;
};

/// REQUIRES: a request for images. Refuses a size that is not WIDTHxHEIGHT, and a transparent background.
[[nodiscard]] boost::system::result<picture_wish, refusal> read_picture_wish(const encode_input& in);

/// The ratio among `known` ("16:9", …) that a size has, at most 4 % off, as OpenAI's own sizes are (1792x1024 is nearly
/// 16:9). Nothing when there is none.
[[nodiscard]] std::optional<std::string_view> ratio_of(const picture_size& size,
                                                       std::span<const std::string_view> known);

/// Appends ,"name":value for every member that OpenAI's API does not have: inputs of the model's own ("seed",
/// "negative_prompt"), sent as they came. Notes OpenAI's own that are left out as dropped, but for those in `carried`,
/// and for "auto".
void put_own_inputs(const encode_input& in, std::span<const std::string_view> carried, wire_request& wire,
                    std::string& out);

/// Writes OpenAI's list of images, at most 128: what comes after those is left out. Data are views of the provider's
/// bytes.
class picture_list {
 public:
  explicit picture_list(const answer_input& in) : in_(in) {}
  /// `url_json`: the inside of a JSON string literal.
  void add_url(std::string_view url_json) { add("url", url_json); }
  void add_base64(std::string_view data) { add("b64_json", data); }
  /// What the provider says of one image's size, for those who are charged by the pixel.
  void measured(std::int64_t width, std::int64_t height);
  [[nodiscard]] std::int64_t count() const noexcept { return count_; }
  /// REQUIRES: something was added. To be called once.
  [[nodiscard]] client_answer finish();

 private:
  void add(std::string_view member, std::string_view text_json);
  void keep(std::string text);

  const answer_input in_;
  client_answer answer_;
  std::int64_t count_ = 0, pixels_ = 0;
};

/// The data of "data:image/png;base64,…"; nothing of any other URL.
[[nodiscard]] std::optional<std::string_view> base64_of_data_url(std::string_view url_json);

}  // namespace spidergate::providers::media
