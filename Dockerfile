# The worker and its guard: what the Jobs of kubectl-scalardl run. `npm run build` makes dist/worker.mjs, dist/guard.mjs and both
# images.
#   worker      no database tools: for databases whose cloud makes the backup
#   worker-sql  with the client programs of PostgreSQL, the newest that the base has
ARG NODE_IMAGE=docker.io/library/node:26-trixie-slim

# Debian's own /usr/bin/pg_dump is a Perl script that looks for the program: a tenth of a second on each call.
FROM ${NODE_IMAGE} AS sql-tools
RUN apt-get update \
 && apt-get install --yes --no-install-recommends postgresql-client \
 && ln -s /usr/lib/postgresql/*/bin/* /usr/local/bin/ \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/*

FROM sql-tools AS worker-sql
COPY dist/worker.mjs dist/worker.mjs.licenses.txt dist/guard.mjs dist/guard.mjs.licenses.txt LICENSE /opt/kubectl-scalardl/
USER 65532:65532
ENV NODE_ENV=production
ENTRYPOINT ["node", "/opt/kubectl-scalardl/worker.mjs"]

FROM ${NODE_IMAGE} AS worker
COPY dist/worker.mjs dist/worker.mjs.licenses.txt dist/guard.mjs dist/guard.mjs.licenses.txt LICENSE /opt/kubectl-scalardl/
USER 65532:65532
ENV NODE_ENV=production
ENTRYPOINT ["node", "/opt/kubectl-scalardl/worker.mjs"]
