/* Entries of which nothing is said. */
#include "registry/maker.h"

static const struct sl_config_timeouts inherit = {-1, -1, -1, -1, -1};

void sl_said_provider_init(struct sl_config_provider *p)
{
    *p = (struct sl_config_provider){
        .id = "",
        .kind = "",
        .base_url = "",
        .key = "",
        .auth = "",
        .auth_header = "",
        .tenant = "",
        .client_id = "",
        .role = "",
        .organization = "",
        .project = "",
        .region = "",
        .api_version = "",
        .ca_file = "",
        .client_certificate = "",
        .client_key = "",
        .proxy = "",
        .http = "auto",
        .unix_socket = "",
        .connect_to = "",
        .timeouts = inherit,
        .place = "",
    };
}

void sl_said_model_init(struct sl_config_model *m)
{
    *m = (struct sl_config_model){
        .name = "",
        .provider = "",
        .model_id = "",
        .api = "",
        .description = "",
        .api_version = "",
        .key = "",
        .base_url = "",
        .region = "",
        .provider_options_json = "",
        .prices = {-1, -1, -1, -1, -1},
        .streaming = -1,
        .tools = -1,
        .vision = -1,
        .json_schema = -1,
        .reasoning = -1,
        .embeddings = -1,
        .images = -1,
        .enabled = -1,
        .base_model = "",
        .deprecation_date = "",
        .retirement_date = "",
        .successor = "",
        .timeouts = inherit,
        .place = "",
    };
}
