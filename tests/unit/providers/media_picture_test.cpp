#include "media_asked.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace spidergate::providers {
namespace {

using json = nlohmann::json;

asked picture(const std::string& more = {}) {
  return asked(R"({"model":"m","prompt":"a \"cat\" é")" + more + "}", model::endpoint::images);
}

json body_of(std::string_view dialect, const std::string& more, std::string_view model) {
  const auto q = picture(more);
  const auto s = send(dialect, q.request, model);
  EXPECT_EQ(s.refused_message, "");
  return s.body.empty() ? json() : json::parse(s.body);
}

std::string refused(std::string_view dialect, const std::string& more, std::string_view model) {
  const auto q = picture(more);
  return send(dialect, q.request, model).refused_param;
}

TEST(fal_images, are_asked_for_by_the_models_path) {
  const auto q = picture(R"(,"n":2,"size":"1536x1024","quality":"high","style":"vivid","user":"u","seed":3,
                             "negative_prompt":"dogs","response_format":"url")");
  const auto s = send("fal", q.request, "fal-ai/flux/schnell");
  EXPECT_EQ(s.target, "/v1/fal-ai/flux/schnell");
  EXPECT_EQ(json::parse(s.body),
            json::parse(R"({"prompt":"a \"cat\" é","num_images":2,"seed":3,"negative_prompt":"dogs",
                                                 "image_size":{"width":1536,"height":1024}})"));
  EXPECT_EQ(s.dropped, (std::vector<std::string>{"quality", "style", "user"}));
}

TEST(fal_images, have_the_nearest_shape_where_models_know_shapes_alone) {
  const auto ratio = [](const std::string& size) {
    return body_of("fal", R"(,"size":")" + size + "\"", "fal-ai/imagen4/preview")["aspect_ratio"];
  };
  EXPECT_EQ(ratio("1024x1024"), "1:1");
  EXPECT_EQ(ratio("1792x1024"), "16:9");
  EXPECT_EQ(ratio("1024x1792"), "9:16");
  EXPECT_FALSE(body_of("fal", R"(,"size":"auto")", "fal-ai/imagen4/preview").contains("aspect_ratio"));
  EXPECT_EQ(refused("fal", R"(,"size":"1536x1024")", "fal-ai/imagen4/preview"), "size");
  EXPECT_EQ(body_of("fal", R"(,"size":"1536x1024")", "fal-ai/nano-banana")["aspect_ratio"], "3:2");
}

TEST(fal_images, are_data_where_the_model_can_send_such) {
  EXPECT_EQ(body_of("fal", R"(,"response_format":"b64_json")", "fal-ai/flux/schnell")["sync_mode"], true);
  EXPECT_EQ(refused("fal", R"(,"response_format":"b64_json")", "fal-ai/recraft/v3/text-to-image"), "response_format");
  EXPECT_EQ(refused("fal", R"(,"n":2)", "bria/text-to-image/3.2"), "n");
  EXPECT_EQ(refused("fal", R"(,"background":"transparent")", "fal-ai/flux/schnell"), "background");
  const auto q = picture(R"(,"response_format":"b64_json")");
  const auto data =
      hear("fal", q.request, R"({"images":[{"url":"data:image/png;base64,aGk=","width":64,"height":32}]})");
  EXPECT_EQ(json::parse(data.out), json::parse(R"({"created":1700000000,"data":[{"b64_json":"aGk="}]})"));
  EXPECT_EQ(data.facts.usage->pixels, 2048);
  EXPECT_TRUE(hear("fal", q.request, R"({"images":[{"url":"https://x/y.png"}]})").error);
}

TEST(fal_images, come_as_links) {
  const auto q = picture(R"(,"n":2,"size":"1024x1024")");
  const auto a = hear("fal", q.request, R"({"images":[{"url":"https:\/\/x\/1"},"https://x/2"],"seed":1})");
  EXPECT_EQ(json::parse(a.out)["data"], json::parse(R"([{"url":"https://x/1"},{"url":"https://x/2"}])"));
  EXPECT_EQ(a.facts.usage->images, 2);
  EXPECT_EQ(a.facts.usage->image_variant, "1024x1024");
  const auto one = hear("fal", q.request, R"({"image":{"url":"https://x/1","width":10,"height":10}})");
  EXPECT_EQ(one.facts.usage->images, 1);
  EXPECT_EQ(one.facts.usage->pixels, 100);
  for (const auto* bad : {"{}", R"({"images":[]})", R"({"images":[{}]})", R"({"images":7})", "x"})
    EXPECT_TRUE(hear("fal", q.request, bad).error) << bad;
}

TEST(fal_images, are_bounded_however_many_a_provider_sends) {
  const auto q = picture();
  std::string links = R"("a")";
  for (int i = 0; i < 1000; ++i) links += R"(,"a")";
  const auto a = hear("fal", q.request, R"({"images":[)" + links + "]}");
  EXPECT_EQ(json::parse(a.out)["data"].size(), 128U);
  EXPECT_EQ(a.facts.usage->images, 128);
}

TEST(fal_images, have_no_model_of_another_path) {
  for (const auto* model : {"fal-ai/../x", "a//b", "/a", "a/", ".."})
    EXPECT_EQ(refused("fal", "", model), "model") << model;
}

TEST(stability_images, are_made_by_the_models_service) {
  const auto q =
      picture(R"(,"size":"1024x1536","seed":5,"negative_prompt":"dogs","quality":"hd","output_format":"webp")");
  const auto s = send("stability", q.request, "sd3.5-large");
  EXPECT_EQ(s.target, "/v1/v2beta/stable-image/generate/sd3");
  const auto has = [&s](const std::string& name, const std::string& text) {
    return s.body.find("name=\"" + name + "\"\r\n\r\n" + text + "\r\n--") != std::string::npos;
  };
  EXPECT_TRUE(has("prompt", "a \"cat\" é")) << s.body;
  EXPECT_TRUE(has("model", "sd3.5-large"));
  EXPECT_TRUE(has("aspect_ratio", "2:3"));
  EXPECT_TRUE(has("seed", "5"));
  EXPECT_TRUE(has("negative_prompt", "dogs"));
  EXPECT_TRUE(has("output_format", "webp"));
  EXPECT_EQ(s.dropped, std::vector<std::string>{"quality"});
  EXPECT_TRUE(send("stability", q.request, "stable-image-core").target.ends_with("/generate/core"));
  EXPECT_EQ(refused("stability", "", "erase"), "model");
  EXPECT_EQ(refused("stability", R"(,"n":2)", "sd3"), "n");
  EXPECT_EQ(refused("stability", R"(,"response_format":"url")", "sd3"), "response_format");
}

TEST(stability_images, are_data_unless_the_filter_held_them_back) {
  const auto q = picture();
  const auto a = hear("stability", q.request, R"({"image":"aGk=","finish_reason":"SUCCESS","seed":4})");
  EXPECT_EQ(json::parse(a.out)["data"], json::parse(R"([{"b64_json":"aGk="}])"));
  EXPECT_EQ(a.facts.usage->images, 1);
  const auto held = hear("stability", q.request, R"({"image":"aGk=","finish_reason":"CONTENT_FILTERED"})");
  EXPECT_EQ(held.error->kind, error_class::request_fault);
  EXPECT_TRUE(hear("stability", q.request, "{}").error);
}

TEST(replicate_images, have_the_inputs_of_their_models_house) {
  EXPECT_EQ(
      body_of("replicate", R"(,"size":"1792x1024","n":2,"seed":1,"output_format":"jpeg")",
              "black-forest-labs/flux-schnell")["input"],
      json::parse(R"({"prompt":"a \"cat\" é","aspect_ratio":"16:9","num_outputs":2,"seed":1,"output_format":"jpg"})"));
  EXPECT_EQ(body_of("replicate", R"(,"size":"1024x512")", "someone/painter")["input"]["width"], 1024);
  EXPECT_EQ(body_of("replicate", R"(,"size":"1024x1536")", "recraft-ai/recraft-v3")["input"]["size"], "1024x1536");
  EXPECT_EQ(refused("replicate", R"(,"n":2)", "google/imagen-4"), "n");
  EXPECT_EQ(refused("replicate", R"(,"response_format":"b64_json")", "google/imagen-4"), "response_format");
  const auto q = picture();
  for (const auto* output : {R"("https://x/1")", R"(["https://x/1"])", R"([{"url":"https://x/1"}])"}) {
    const auto body = R"({"id":"p","status":"succeeded","output":)" + std::string(output) + "}";
    EXPECT_EQ(json::parse(hear("replicate", q.request, body).out)["data"], json::parse(R"([{"url":"https://x/1"}])"));
  }
  EXPECT_TRUE(hear("replicate", q.request, R"({"status":"succeeded","output":null})").error);
}

}  // namespace
}  // namespace spidergate::providers
