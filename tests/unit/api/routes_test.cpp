#include <spidergate/api/routes.hpp>

#include <gtest/gtest.h>

namespace spidergate::api {
namespace {

TEST(routes, inference_is_found_with_and_without_each_prefix) {
  for (const auto* path : {"/v1/chat/completions", "/chat/completions", "/api/gate/v1/chat/completions",
                           "/api/gate/chat/completions", "/v1/v1/chat/completions", "/v1//chat/completions/",
                           "//v1/chat//completions", "/api/gate/v1/v1/chat/completions/"}) {
    EXPECT_EQ(find_route(path, false).what, resource::chat) << path;
  }
  EXPECT_EQ(find_route("/v1/completions", false).what, resource::completions);
}

TEST(routes, a_models_id_may_hold_slashes_and_escapes) {
  EXPECT_EQ(find_route("/v1/models/openrouter/meta-llama/llama-3:free", false).id,
            "openrouter/meta-llama/llama-3:free");
  EXPECT_EQ(find_route("/v1/models/openai%2Fgpt-4o", false).id, "openai/gpt-4o");
  EXPECT_EQ(find_route("/v1/models/", false).what, resource::model_list);
}

TEST(routes, management_stands_under_its_own_prefix_only) {
  EXPECT_EQ(find_route("/api/v1/integrations", false).what, resource::integrations);
  EXPECT_EQ(find_route("/api/v1/integrations/health", false).what, resource::integration_health);
  EXPECT_EQ(find_route("/api/v1/integrations/int_1", false).id, "int_1");
  EXPECT_EQ(find_route("/api/v1/integrations/int_1/test", false).what, resource::integration_test);
  EXPECT_EQ(find_route("/v1/integrations", false).what, resource::nothing);
  EXPECT_EQ(find_route("/api/v1/chat/completions", false).what, resource::nothing);
}

TEST(routes, metrics_are_on_the_admin_listener_alone) {
  EXPECT_EQ(find_route("/metrics", true).what, resource::metrics);
  EXPECT_EQ(find_route("/metrics", false).what, resource::nothing);
  EXPECT_EQ(find_route("/healthz", false).what, resource::alive);
  EXPECT_EQ(find_route("/", false).what, resource::root);
}

TEST(routes, methods_are_whole_words) {
  const auto route = find_route("/v1/chat/completions", false);
  EXPECT_TRUE(route.allows("POST"));
  EXPECT_FALSE(route.allows("GET"));
  EXPECT_FALSE(route.allows("POS"));
  EXPECT_TRUE(find_route("/v1/models", false).allows("HEAD"));
}

}  // namespace
}  // namespace spidergate::api
