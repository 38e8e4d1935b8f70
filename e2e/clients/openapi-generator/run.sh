#!/usr/bin/env bash
# openapi-generator for Java, with its default library: https://openapi-generator.tech. Without the property, the client refuses
# every field that a later version of the API adds. JAR: an openapi-generator-cli.jar; default: it is downloaded.
set -euo pipefail
VERSION=7.25.0
if [ -z "${JAR:-}" ]; then
  JAR="$WORK/generator.jar"
  curl -sfL -o "$JAR" "https://repo1.maven.org/maven2/org/openapitools/openapi-generator-cli/$VERSION/openapi-generator-cli-$VERSION.jar"
fi
java -jar "$JAR" generate -i "$DOCUMENT" -g java -o "$WORK/client" \
  --additional-properties=hideGenerationTimestamp=true,invokerPackage=tidings,apiPackage=tidings.api,modelPackage=tidings.model,openApiNullable=false,disallowAdditionalPropertiesIfNotPresent=false \
  > "$WORK/generator.log" 2>&1 || { tail -50 "$WORK/generator.log"; exit 1; }
rm -rf "$WORK/client/src/test"
cp "$(dirname "$0")/Main.java" "$WORK/client/src/main/java/"
cd "$WORK/client"
mvn -q -B -DskipTests compile dependency:build-classpath -Dmdep.outputFile=classpath
java -cp "target/classes:$(cat classpath)" Main
