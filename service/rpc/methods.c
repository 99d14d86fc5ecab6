/* The table of methods: everything that is served. */
#include "api/access/service.h"
#include "api/catalogue.h"
#include "api/completion.h"
#include "api/diagnose.h"
#include "api/import.h"
#include "api/list_models.h"
#include "api/manage.h"
#include "api/model_access.h"
#include "api/model_registry.h"
#include "api/operations.h"
#include "api/outdated.h"
#include "api/provider_message.h"
#include "api/service.h"
#include "api/test_model.h"
#include "api/watch_models.h"
#include "grpc/health/v1/health.pb-c.h"
#include "grpc/reflection/v1/reflection.pb-c.h"
#include "grpc/reflection/v1alpha/reflection.pb-c.h"
#include "rpc/health.h"
#include "rpc/reflection.h"
#include "sluice/v1/access.pb-c.h"
#include "sluice/v1/completion.pb-c.h"
#include "sluice/v1/model_registry.pb-c.h"
#include "sluice/v1/provider.pb-c.h"

/* A unary method that works on the control pool; the rest are members of its needs. */
#define WORK(method, in, out, function, ...)                                                       \
    {                                                                                              \
        .path = "/sluice.v1." method, .needs = {__VA_ARGS__}, .kind = SL_UNARY,                    \
        .home = SL_ON_CONTROL, .input = &sluice__v1__##in##__descriptor,                           \
        .output = &sluice__v1__##out##__descriptor, .on_message = sl_work_start,                   \
        .on_cancel = sl_work_cancel, .work = function                                              \
    }

/* A unary method that reads snapshots on the control thread, for whoever may see models. */
#define READ(method, in, out, function)                                                            \
    {                                                                                              \
        .path = "/sluice.v1." method, .needs = {.scopes = READERS}, .kind = SL_UNARY,              \
        .home = SL_ON_CONTROL, .input = &sluice__v1__##in##__descriptor,                           \
        .output = &sluice__v1__##out##__descriptor, .on_message = function                         \
    }

enum {
    READERS = SL_SCOPE_COMPLETE | SL_SCOPE_MODELS | SL_SCOPE_ADMIN,
    WRITERS = SL_SCOPE_MODELS | SL_SCOPE_ADMIN,
    AUDITORS = SL_ROLE_ADMIN | SL_ROLE_AUDITOR,
    STAFF = SL_ROLE_ADMIN | SL_ROLE_AUDITOR | SL_ROLE_OPERATOR,
};

const struct sl_method sl_methods[] = {
    {
        .path = "/sluice.v1.Completion/Complete",
        .needs = {.scopes = SL_SCOPE_COMPLETE},
        .kind = SL_UNARY,
        .home = SL_ON_LOOPS,
        .input = &sluice__v1__complete_request__descriptor,
        .output = &sluice__v1__complete_response__descriptor,
        .on_message = sl_complete,
        .on_cancel = sl_complete_cancel,
    },
    {
        .path = "/sluice.v1.Completion/StreamComplete",
        .needs = {.scopes = SL_SCOPE_COMPLETE},
        .kind = SL_SERVER_STREAM,
        .home = SL_ON_LOOPS,
        .input = &sluice__v1__complete_request__descriptor,
        .output = &sluice__v1__stream_complete_response__descriptor,
        .on_message = sl_stream_complete,
        .on_writable = sl_stream_complete_writable,
        .on_cancel = sl_complete_cancel,
    },
    {
        .path = "/sluice.v1.Completion/Embed",
        .needs = {.scopes = SL_SCOPE_COMPLETE},
        .kind = SL_UNARY,
        .home = SL_ON_LOOPS,
        .input = &sluice__v1__embed_request__descriptor,
        .output = &sluice__v1__embed_response__descriptor,
        .on_message = sl_embed,
        .on_cancel = sl_operation_cancel,
    },
    {
        .path = "/sluice.v1.Completion/GenerateImage",
        .needs = {.scopes = SL_SCOPE_COMPLETE},
        .kind = SL_SERVER_STREAM,
        .home = SL_ON_LOOPS,
        .input = &sluice__v1__generate_image_request__descriptor,
        .output = &sluice__v1__generate_image_response__descriptor,
        .on_message = sl_generate_image,
        .on_writable = sl_operation_writable,
        .on_cancel = sl_operation_cancel,
    },
    {
        .path = "/sluice.v1.Completion/Rerank",
        .needs = {.scopes = SL_SCOPE_COMPLETE},
        .kind = SL_UNARY,
        .home = SL_ON_LOOPS,
        .input = &sluice__v1__rerank_request__descriptor,
        .output = &sluice__v1__rerank_response__descriptor,
        .on_message = sl_rerank,
        .on_cancel = sl_operation_cancel,
    },
    {
        .path = "/sluice.v1.Completion/Moderate",
        .needs = {.scopes = SL_SCOPE_COMPLETE},
        .kind = SL_UNARY,
        .home = SL_ON_LOOPS,
        .input = &sluice__v1__moderate_request__descriptor,
        .output = &sluice__v1__moderate_response__descriptor,
        .on_message = sl_moderate,
        .on_cancel = sl_operation_cancel,
    },
    {
        .path = "/sluice.v1.Completion/CountTokens",
        .needs = {.scopes = SL_SCOPE_COMPLETE},
        .kind = SL_UNARY,
        .home = SL_ON_LOOPS,
        .input = &sluice__v1__complete_request__descriptor,
        .output = &sluice__v1__count_tokens_response__descriptor,
        .on_message = sl_count_tokens,
        .on_cancel = sl_operation_cancel,
    },
    READ("ModelRegistry/ListModels", list_models_request, list_models_response, sl_list_models),
    {
        .path = "/sluice.v1.ModelRegistry/WatchModels",
        .needs = {.scopes = READERS},
        .kind = SL_SERVER_STREAM,
        .home = SL_ON_CONTROL,
        .input = &sluice__v1__watch_models_request__descriptor,
        .output = &sluice__v1__watch_models_response__descriptor,
        .on_message = sl_watch_models,
        .on_writable = sl_watch_models_writable,
        .on_cancel = sl_watch_models_cancel,
    },
    READ("ModelRegistry/GetModel", get_model_request, model, sl_get_model),
    READ("ModelRegistry/ResolveModel", resolve_model_request, resolve_model_response,
         sl_resolve_model),
    READ("ModelRegistry/ListTemplates", list_templates_request, list_templates_response,
         sl_list_templates),
    READ("ModelRegistry/ListProviders", list_providers_request, list_providers_response,
         sl_list_providers),
    READ("ModelRegistry/GetProvider", get_provider_request, provider, sl_get_provider),
    READ("ModelRegistry/ListCatalogueModels", list_catalogue_models_request,
         list_catalogue_models_response, sl_list_catalogue_models),
    READ("ModelRegistry/ListLineups", list_lineups_request, list_lineups_response, sl_list_lineups),
    WORK("ModelRegistry/CreateModel", create_model_request, model, sl_create_model,
         .scopes = WRITERS),
    WORK("ModelRegistry/UpdateModel", update_model_request, model, sl_update_model,
         .scopes = WRITERS),
    WORK("ModelRegistry/DeleteModel", delete_model_request, delete_model_response, sl_delete_model,
         .scopes = WRITERS),
    WORK("ModelRegistry/UndeleteModel", undelete_model_request, model, sl_undelete_model,
         .scopes = WRITERS),
    WORK("ModelRegistry/CreateModelFromTemplate", create_model_from_template_request, model,
         sl_create_model_from_template, .scopes = WRITERS),
    WORK("ModelRegistry/GetDefaultModel", get_default_model_request, default_model,
         sl_get_default_model, .scopes = READERS),
    WORK("ModelRegistry/CheckAccess", check_access_request, check_access_response, sl_check_access,
         .scopes = READERS),
    WORK("ModelRegistry/SetDefaultModel", set_default_model_request, default_model,
         sl_set_default_model, .scopes = WRITERS),
    WORK("ModelRegistry/GetConversation", get_conversation_request, conversation,
         sl_get_conversation, .scopes = READERS),
    WORK("ModelRegistry/CreateProvider", create_provider_request, provider, sl_create_provider,
         .scopes = WRITERS),
    WORK("ModelRegistry/UpdateProvider", update_provider_request, provider, sl_update_provider,
         .scopes = WRITERS),
    WORK("ModelRegistry/DeleteProvider", delete_provider_request, delete_provider_response,
         sl_delete_provider, .scopes = WRITERS),
    WORK("ModelRegistry/ListCredentials", list_credentials_request, list_credentials_response,
         sl_list_credentials, .scopes = WRITERS),
    WORK("ModelRegistry/CreateCredential", create_credential_request, credential,
         sl_create_credential, .scopes = WRITERS),
    WORK("ModelRegistry/UpdateCredential", update_credential_request, credential,
         sl_update_credential, .scopes = WRITERS),
    WORK("ModelRegistry/DeleteCredential", delete_credential_request, delete_credential_response,
         sl_delete_credential, .scopes = WRITERS),
    WORK("ModelRegistry/ImportModels", import_models_request, import_models_response,
         sl_import_models, .scopes = WRITERS),
    WORK("ModelRegistry/UndoImport", undo_import_request, undo_import_response, sl_undo_import,
         .scopes = WRITERS),
    WORK("ModelRegistry/ListImports", list_imports_request, list_imports_response, sl_list_imports,
         .scopes = WRITERS),
    WORK("ModelRegistry/SeedModels", seed_models_request, seed_models_response, sl_seed_models,
         .scopes = WRITERS),
    {
        .path = "/sluice.v1.ModelRegistry/TestModel",
        .needs = {.scopes = READERS},
        .kind = SL_SERVER_STREAM,
        .home = SL_ON_LOOPS,
        .input = &sluice__v1__test_model_request__descriptor,
        .output = &sluice__v1__test_model_step__descriptor,
        .on_message = sl_test_model,
        .on_cancel = sl_test_model_cancel,
        .work = sl_test_model_draft,
    },
    {
        .path = "/sluice.v1.ModelRegistry/ListOutdatedModels",
        .needs = {.scopes = READERS},
        .kind = SL_UNARY,
        .home = SL_ON_CONTROL,
        .input = &sluice__v1__list_outdated_models_request__descriptor,
        .output = &sluice__v1__list_outdated_models_response__descriptor,
        .on_message = sl_list_outdated_start,
        .on_cancel = sl_list_outdated_cancel,
        .work = sl_list_outdated_models,
    },
    WORK("ModelRegistry/UpgradeModels", upgrade_models_request, upgrade_models_response,
         sl_upgrade_models, .scopes = WRITERS),
    {
        .path = "/sluice.v1.ModelRegistry/DiscoverModels",
        .needs = {.scopes = SL_SCOPE_MODELS, .roles = SL_ROLE_ADMIN | SL_ROLE_OPERATOR},
        .kind = SL_UNARY,
        .home = SL_ON_LOOPS,
        .input = &sluice__v1__discover_models_request__descriptor,
        .output = &sluice__v1__discover_models_response__descriptor,
        .on_message = sl_discover_models,
        .on_cancel = sl_discover_models_cancel,
    },
    {
        .path = "/sluice.v1.ModelRegistry/Diagnose",
        .needs = {.scopes = READERS},
        .kind = SL_UNARY,
        .home = SL_ON_LOOPS,
        .input = &sluice__v1__diagnose_request__descriptor,
        .output = &sluice__v1__diagnose_response__descriptor,
        .on_message = sl_diagnose,
        .on_cancel = sl_diagnose_cancel,
        .work = sl_diagnose_work,
    },
    {
        .path = "/sluice.v1.Access/WhoAmI",
        .needs = {.always = true},
        .kind = SL_UNARY,
        .home = SL_ON_CONTROL,
        .input = &sluice__v1__who_am_irequest__descriptor,
        .output = &sluice__v1__who_am_iresponse__descriptor,
        .on_message = sl_who_am_i,
    },
    WORK("Access/ListUsers", list_users_request, list_users_response, sl_list_users,
         .roles = AUDITORS),
    WORK("Access/GetUser", get_user_request, user, sl_get_user, .roles = 0),
    WORK("Access/CreateUser", create_user_request, create_user_response, sl_create_user,
         .roles = SL_ROLE_ADMIN),
    WORK("Access/UpdateUser", update_user_request, user, sl_update_user, .roles = SL_ROLE_ADMIN),
    WORK("Access/DeleteUser", delete_user_request, delete_user_response, sl_delete_user,
         .roles = SL_ROLE_ADMIN),
    WORK("Access/ListTiers", list_tiers_request, list_tiers_response, sl_list_tiers,
         .roles = STAFF),
    WORK("Access/GetTier", get_tier_request, tier, sl_get_tier, .roles = 0),
    WORK("Access/CreateTier", create_tier_request, tier, sl_create_tier, .roles = SL_ROLE_ADMIN),
    WORK("Access/UpdateTier", update_tier_request, tier, sl_update_tier, .roles = SL_ROLE_ADMIN),
    WORK("Access/DeleteTier", delete_tier_request, delete_tier_response, sl_delete_tier,
         .roles = SL_ROLE_ADMIN),
    WORK("Access/ListApiKeys", list_api_keys_request, list_api_keys_response, sl_list_api_keys,
         .roles = 0),
    WORK("Access/CreateApiKey", create_api_key_request, create_api_key_response, sl_create_api_key,
         .scopes = SL_SCOPE_ADMIN),
    WORK("Access/RevokeApiKey", revoke_api_key_request, api_key, sl_revoke_api_key,
         .scopes = SL_SCOPE_ADMIN),
    WORK("Access/GetPreferences", get_preferences_request, preferences, sl_get_preferences,
         .roles = 0),
    WORK("Access/UpdatePreferences", update_preferences_request, preferences, sl_update_preferences,
         .scopes = SL_SCOPE_MODELS | SL_SCOPE_ADMIN),
    WORK("Access/ListAuditEvents", list_audit_events_request, list_audit_events_response,
         sl_list_audit_events, .roles = AUDITORS),
    WORK("Access/VerifyAudit", verify_audit_request, verify_audit_response, sl_verify_audit,
         .roles = AUDITORS),
    {
        .path = "/grpc.health.v1.Health/Check",
        .kind = SL_UNARY,
        .home = SL_ON_CONTROL,
        .open = true,
        .input = &grpc__health__v1__health_check_request__descriptor,
        .output = &grpc__health__v1__health_check_response__descriptor,
        .on_message = sl_health_check,
    },
    {
        .path = "/grpc.health.v1.Health/Watch",
        .kind = SL_SERVER_STREAM,
        .home = SL_ON_CONTROL,
        .open = true,
        .input = &grpc__health__v1__health_check_request__descriptor,
        .output = &grpc__health__v1__health_check_response__descriptor,
        .on_message = sl_health_watch,
        .on_cancel = sl_health_watch_cancel,
    },
    {
        .path = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
        .kind = SL_BIDI,
        .home = SL_ON_CONTROL,
        .open = true,
        .input = &grpc__reflection__v1__server_reflection_request__descriptor,
        .output = &grpc__reflection__v1__server_reflection_response__descriptor,
        .on_message = sl_reflection_v1_message,
        .on_half_close = sl_reflection_half_close,
    },
    {
        .path = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
        .kind = SL_BIDI,
        .home = SL_ON_CONTROL,
        .open = true,
        .input = &grpc__reflection__v1alpha__server_reflection_request__descriptor,
        .output = &grpc__reflection__v1alpha__server_reflection_response__descriptor,
        .on_message = sl_reflection_v1alpha_message,
        .on_half_close = sl_reflection_half_close,
    },
    {.path = NULL},
};
