#include "../chat/chat_request.hpp"
#include "../error_reading.hpp"
#include "body_text.hpp"
#include "candidate.hpp"
#include "gemini_dialect.hpp"
#include "image_answer.hpp"
#include "model_traits.hpp"
#include "usage.hpp"

#include <spidergate/json/reader.hpp>

#include <charconv>
#include <cmath>
#include <optional>
#include <span>
#include <utility>

namespace spidergate::providers::gemini {

namespace {

constexpr std::string_view carried[]{"prompt", "n", "size", "response_format", "aspect_ratio", "aspectRatio"};

struct shape {
  std::string_view name;
  double ratio;
};
constexpr shape imagen_shapes[]{{"1:1", 1}, {"3:4", 3. / 4}, {"4:3", 4. / 3}, {"9:16", 9. / 16}, {"16:9", 16. / 9}};
constexpr shape gemini_shapes[]{{"1:1", 1},        {"2:3", 2. / 3},  {"3:2", 3. / 2}, {"3:4", 3. / 4},
                                {"4:3", 4. / 3},   {"4:5", 4. / 5},  {"5:4", 5. / 4}, {"9:16", 9. / 16},
                                {"16:9", 16. / 9}, {"21:9", 21. / 9}};

struct pixels {
  std::int64_t width = 0, height = 0;
};

/// "1024x1792"; nothing of "auto".
std::optional<pixels> pixels_of(std::string_view text) {
  pixels size;
  const char* const end = text.data() + text.size();
  const auto [cross, failed] = std::from_chars(text.data(), end, size.width);
  if (failed != std::errc{} || cross == end || *cross != 'x') return std::nullopt;
  const auto [last, wrong] = std::from_chars(cross + 1, end, size.height);
  if (wrong != std::errc{} || last != end || size.width < 1 || size.height < 1) return std::nullopt;
  return size;
}

const shape& nearest(std::span<const shape> shapes, const pixels& size) {
  const double wanted = std::log(static_cast<double>(size.width) / static_cast<double>(size.height));
  const shape* best = &shapes.front();
  for (const auto& s : shapes) {
    if (std::abs(std::log(s.ratio) - wanted) < std::abs(std::log(best->ratio) - wanted)) best = &s;
  }
  return *best;
}

/// The aspect ratio, as a word; where it is not the one that was asked for, `size` is said to be dropped.
std::string aspect_of(json::value root, bool imagen, wire_request& wire) {
  for (const auto name : {"aspect_ratio", "aspectRatio"}) {
    if (const auto given = root.find(name); given.is(json::kind::string)) return std::string(given.literal());
  }
  const auto size = pixels_of(root.find("size").literal());
  if (!size) return {};
  const auto& chosen = nearest(imagen ? std::span<const shape>(imagen_shapes) : gemini_shapes, *size);
  const double wanted = static_cast<double>(size->width) / static_cast<double>(size->height);
  if (std::abs(wanted / chosen.ratio - 1) > 0.02) chat::drop(wire, "size");
  return std::string(chosen.name);
}

struct picture {
  std::string_view type, data, prompt;
};

/// Writes {"created","data":[…],"usage"}: the pictures stay views of the provider's bytes.
client_answer written(const answer_input& in, const std::vector<picture>& pictures,
                      const std::optional<model::usage>& used) {
  client_answer answer;
  const auto own = [&answer](std::string text) {
    answer.owned.push_back(std::make_unique<std::string>(std::move(text)));
    answer.body.push_back(*answer.owned.back());
  };
  const auto* format = in.asked.find("response_format");
  const bool as_url = format != nullptr && format->value == "\"url\"";
  std::string text = "{\"created\":" + std::to_string(in.now / 1000) + ",\"data\":[";
  bool first = true;
  for (const auto& p : pictures) {
    text.append(first ? "{" : ",{");
    first = false;
    if (!p.prompt.empty()) text.append("\"revised_prompt\":\"").append(p.prompt).append("\",");
    // There is no address to be had: an address that holds the picture is one that clients of addresses can read.
    text.append(as_url ? "\"url\":\"data:" + std::string(p.type) + ";base64," : "\"b64_json\":\"");
    own(std::exchange(text, {}));
    answer.body.push_back(p.data);
    text.append("\"}");
  }
  text.append("]");
  if (used && used->total() > 0) {
    text.append(",\"usage\":{\"input_tokens\":").append(std::to_string(used->prompt));
    text.append(",\"output_tokens\":").append(std::to_string(used->completion));
    text.append(",\"total_tokens\":").append(std::to_string(used->prompt + used->completion)).append("}");
  }
  own(text + "}");
  answer.facts.usage = used;
  return answer;
}

provider_error no_picture(std::string_view why) {
  provider_error error;
  error.kind = error_class::request_fault;
  error.status = 400;
  error.code = "content_policy_violation";
  error.message = why.empty() ? "The provider made no image of this prompt and gave no reason."
                              : "The provider made no image of this prompt: " + presentable(why);
  return error;
}

boost::system::result<client_answer, provider_error> of_predictions(const answer_input& in, json::value predictions) {
  std::vector<picture> pictures;
  std::string filtered;
  for (const auto p : predictions.elements()) {
    const auto data = p.find("bytesBase64Encoded").literal();
    if (!data.empty()) pictures.push_back({p.find("mimeType").literal(), data, p.find("prompt").literal()});
    if (p.find("raiFilteredReason").exists()) filtered = p.find("raiFilteredReason").text();
  }
  if (pictures.empty()) return no_picture(filtered);
  model::usage used;
  used.images = static_cast<std::int64_t>(pictures.size());
  return written(in, pictures, used);
}

}  // namespace

boost::system::result<void, refusal> gemini_dialect::encode_images(const encode_input& in, wire_request& wire) const {
  thread_local json::reader reader;
  if (!reader.read(in.asked.body)) return refusal{{}, "The request is not valid JSON."};
  if (const auto dropped = chat::drop_others(in, carried, wire); !dropped) return dropped.error();
  const auto root = reader.root();
  const auto prompt = root.find("prompt").literal();
  const auto traits = traits_of(in.model);
  const auto aspect = aspect_of(root, traits.imagen, wire);
  const auto count = root.find("n").whole_number().value_or(1);
  body_text out(wire);
  if (traits.imagen) {
    if (count > 4) return chat::cannot(in, "n", "makes at most 4 images at a time");
    out.add("{\"instances\":[{\"prompt\":").literal(prompt).add("}],\"parameters\":{\"sampleCount\":").number(count);
    if (!aspect.empty()) out.add(",\"aspectRatio\":").literal(aspect);
    out.add("}}");
    address(in, "predict", wire);
  } else {
    if (count > 1) return chat::cannot(in, "n", "makes one image at a time with this model");
    out.add(R"({"contents":[{"role":"user","parts":[{"text":)").literal(prompt);
    out.add(R"(}]}],"generationConfig":{"responseModalities":["TEXT","IMAGE"])");
    if (!aspect.empty()) out.add(",\"imageConfig\":{\"aspectRatio\":").literal(aspect).add("}");
    out.add("}}");
    address(in, "generateContent", wire);
  }
  out.flush();
  return {};
}

boost::system::result<client_answer, provider_error> image_answer(const answer_input& in, json::value root) {
  if (const auto predictions = root.find("predictions"); predictions.exists() || !root.find("candidates").exists()) {
    if (const auto feedback = root.find("promptFeedback"); feedback.find("blockReason").exists())
      return no_picture(refusal_of(feedback));
    return of_predictions(in, predictions);
  }
  std::vector<picture> pictures;
  std::string said, native;
  for (const auto candidate : root.find("candidates").elements()) {
    native = read_finish(candidate.find("finishReason")).native;
    for (const auto part : candidate.find("content").find("parts").elements()) {
      const auto data = part.find("inlineData");
      const bool thought = part.find("thought").boolean() == true;
      if (!data.find("data").literal().empty() && !thought)
        pictures.push_back({data.find("mimeType").literal(), data.find("data").literal(), {}});
      if (part.find("text").exists() && !thought) said += part.find("text").text();
    }
  }
  if (pictures.empty()) return no_picture(said.empty() ? native : said);
  auto used = read_usage(root.find("usageMetadata")).tokens;
  if (used) used->images = static_cast<std::int64_t>(pictures.size());
  return written(in, pictures, used);
}

}  // namespace spidergate::providers::gemini
