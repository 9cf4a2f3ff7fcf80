#include <spidergate/api/routes.hpp>

#include <gtest/gtest.h>

#include <string>
#include <utility>

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
  EXPECT_EQ(find_route("/v1/models/{id...}", false).id, "{id...}") << "what the table says is no name";
  EXPECT_EQ(find_route("/v1/receipts/{id}", false).id, "{id}");
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

std::string with_an_id(std::string_view pattern) {
  std::string path(pattern);
  for (const std::string_view hole : {"{id...}", "{id}"})
    if (const auto at = path.find(hole); at != std::string::npos) path.replace(at, hole.size(), "some_id");
  return path;
}

TEST(routes, every_line_of_the_table_is_reached_by_its_own_path) {
  const std::pair<section, std::string> sections[] = {{section::inference, "/v1/"},
                                                      {section::management, "/api/v1/"},
                                                      {section::operations, "/"},
                                                      {section::admin_operations, "/"}};
  for (const auto& [where, prefix] : sections) {
    for (const auto& line : routes_of(where)) {
      const auto found = find_route(prefix + with_an_id(line.pattern), where == section::admin_operations);
      EXPECT_EQ(found.what, line.what) << line.pattern;
      EXPECT_EQ(found.needed, line.needed) << line.pattern;
      EXPECT_EQ(found.managed, where == section::management) << line.pattern;
    }
  }
}

TEST(routes, nothing_but_operations_is_served_without_a_token) {
  for (const auto where : {section::inference, section::management})
    for (const auto& line : routes_of(where)) EXPECT_NE(line.allowed, right::anybody) << line.pattern;
}

TEST(routes, management_asks_for_a_scope_and_changes_ask_for_a_role) {
  for (const auto& line : routes_of(section::management)) {
    EXPECT_TRUE(line.needed) << line.pattern;
    const bool reads_only = line.methods == "GET, HEAD";
    EXPECT_TRUE(reads_only || line.allowed == right::manage || line.allowed == right::installation) << line.pattern;
  }
}

TEST(routes, an_aliass_name_may_hold_slashes) {
  EXPECT_EQ(find_route("/api/v1/aliases/team/chat", false).id, "team/chat");
  EXPECT_EQ(find_route("/api/v1/aliases/team%2Fchat", false).id, "team/chat");
  EXPECT_EQ(find_route("/api/v1/clients/cli_1/credentials", false).what, resource::client_credentials);
  EXPECT_EQ(find_route("/api/v1/clients/cli_1/credentials", false).id, "cli_1");
}

TEST(openapi, describes_every_route_and_nothing_twice) {
  const auto document = openapi_document();
  std::size_t lines = 0;
  for (const auto where : {section::inference, section::management, section::operations, section::admin_operations}) {
    for (const auto& line : routes_of(where)) {
      ++lines;
      EXPECT_NE(document.find("\"summary\":\"" + std::string(line.about) + "\""), std::string::npos) << line.pattern;
    }
  }
  EXPECT_NE(document.find("\"/api/v1/aliases/{id}\":{"), std::string::npos);
  std::size_t paths = 0;
  for (auto at = document.find("\"get\":{"); at != std::string::npos; at = document.find("\"get\":{", at + 1)) ++paths;
  EXPECT_GT(paths, lines / 2);
}

}  // namespace
}  // namespace spidergate::api
