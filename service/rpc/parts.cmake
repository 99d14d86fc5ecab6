# What of rpc/ stands beside the server itself: codec, trailers, credentials, health, reflection.
include(SluiceEmbed)

set(descriptor_source ${PROJECT_BINARY_DIR}/gen/sluice_descriptors.c)
sluice_embed(
    OUTPUT ${descriptor_source}
    INPUT ${PROJECT_BINARY_DIR}/gen/sluice_proto.binpb
    SYMBOL sl_descriptor_set
    HEADER rpc/descriptors.h
    DEPENDS sluice_proto_generated)

sluice_library(sl_rpc_parts
    SOURCES codec.c credentials.c descriptors.c health.c reflection.c self_check.c status_details.c ${descriptor_source}
    DEPS sl_base sluice_proto PkgConfig::GRPC PkgConfig::OPENSSL PkgConfig::UV)
