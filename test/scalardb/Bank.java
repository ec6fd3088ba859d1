import com.scalar.db.api.DistributedTransaction;
import com.scalar.db.api.DistributedTransactionAdmin;
import com.scalar.db.api.DistributedTransactionManager;
import com.scalar.db.api.Get;
import com.scalar.db.api.Put;
import com.scalar.db.api.Result;
import com.scalar.db.api.Scan;
import com.scalar.db.api.TableMetadata;
import com.scalar.db.io.DataType;
import com.scalar.db.io.Key;
import com.scalar.db.service.TransactionFactory;
import java.io.BufferedReader;
import java.io.File;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * An application of ScalarDB. Each line of its input is `<command> <properties file> [<round>]` and is answered by one line
 * of JSON; each opens ScalarDB anew, as a release does that was restarted.
 */
public final class Bank {
  private static final String NAMESPACE = "bank";
  private static final String TABLE = "account";
  private static final String BRANCH = "north";
  private static final int ACCOUNTS = 4;
  private static final TableMetadata METADATA =
      TableMetadata.newBuilder()
          .addColumn("branch", DataType.TEXT)
          .addColumn("number", DataType.INT)
          .addColumn("owner", DataType.TEXT)
          .addColumn("balance", DataType.BIGINT)
          .addColumn("rate", DataType.DOUBLE)
          .addColumn("open", DataType.BOOLEAN)
          .addColumn("seal", DataType.BLOB)
          .addPartitionKey("branch")
          .addClusteringKey("number", Scan.Ordering.Order.DESC)
          .addSecondaryIndex("owner")
          .build();

  public static void main(String[] args) throws Exception {
    BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      Map<String, Object> answer = new TreeMap<>();
      try {
        answer.put("answer", run(line.split(" ")));
      } catch (Throwable error) {
        StringWriter trace = new StringWriter();
        error.printStackTrace(new PrintWriter(trace));
        answer.put("error", trace.toString());
      }
      // What libraries print is on lines of its own, and does not begin so.
      System.out.println("\nanswer " + json(answer));
    }
  }

  private static Object run(String[] words) throws Exception {
    TransactionFactory factory = TransactionFactory.create(new File(words[1]));
    switch (words[0]) {
      case "create":
        return create(factory);
      case "write":
        return write(factory, Integer.parseInt(words[2]));
      case "read":
        return read(factory);
      default:
        throw new IllegalArgumentException(words[0]);
    }
  }

  /**
   * The tables, by the calls that the schema loader makes. Without scaling: ScalarDB asks an endpoint_override for that as well,
   * and one of DynamoDB knows nothing of it.
   */
  private static Object create(TransactionFactory factory) throws Exception {
    Map<String, String> options = Map.of("no-scaling", "true");
    try (Admin admin = new Admin(factory)) {
      admin.of.createCoordinatorTables(true, options);
      admin.of.createNamespace(NAMESPACE, true, options);
      admin.of.createTable(NAMESPACE, TABLE, METADATA, true, options);
    }
    return true;
  }

  /** One transaction that reads every account, and gives each what the number tells. */
  private static Object write(TransactionFactory factory, int round) throws Exception {
    DistributedTransactionManager manager = factory.getTransactionManager();
    try {
      DistributedTransaction transaction = manager.start();
      for (int number = 0; number < ACCOUNTS; number++) {
        transaction.get(get(number));
        transaction.put(
            Put.newBuilder()
                .namespace(NAMESPACE)
                .table(TABLE)
                .partitionKey(Key.ofText("branch", BRANCH))
                .clusteringKey(Key.ofInt("number", number))
                .textValue("owner", (number + round) % 2 == 0 ? "Åsa" : "Bo")
                .bigIntValue("balance", 1_000L * round + number)
                .doubleValue("rate", round / 4.0)
                .booleanValue("open", round % 2 == 0)
                .blobValue("seal", new byte[] {(byte) round, 0, (byte) number})
                .build());
      }
      transaction.commit();
    } finally {
      manager.close();
    }
    return round;
  }

  /** All that ScalarDB says of the tables, and every way to read their rows. */
  private static Object read(TransactionFactory factory) throws Exception {
    Map<String, Object> seen = new TreeMap<>();
    try (Admin admin = new Admin(factory)) {
      seen.put("coordinator", admin.of.coordinatorTablesExist());
      seen.put("namespace", admin.of.namespaceExists(NAMESPACE));
      seen.put("tables", new ArrayList<>(new TreeSet<>(admin.of.getNamespaceTableNames(NAMESPACE))));
      seen.put("index", admin.of.indexExists(NAMESPACE, TABLE, "owner"));
      seen.put("metadata", described(admin.of.getTableMetadata(NAMESPACE, TABLE)));
    }
    DistributedTransactionManager manager = factory.getTransactionManager();
    try {
      DistributedTransaction transaction = manager.start();
      seen.put("got", transaction.get(get(1)).map(Bank::row).orElse(null));
      seen.put(
          "scanned",
          rows(
              transaction.scan(
                  Scan.newBuilder()
                      .namespace(NAMESPACE)
                      .table(TABLE)
                      .partitionKey(Key.ofText("branch", BRANCH))
                      .build())));
      List<Object> owned =
          rows(
              transaction.scan(
                  Scan.newBuilder()
                      .namespace(NAMESPACE)
                      .table(TABLE)
                      .indexKey(Key.ofText("owner", "Åsa"))
                      .build()));
      owned.sort((one, other) -> one.toString().compareTo(other.toString()));
      seen.put("owned", owned);
      transaction.commit();
    } finally {
      manager.close();
    }
    return seen;
  }

  private static Object described(TableMetadata metadata) {
    if (metadata == null) return null;
    Map<String, Object> columns = new TreeMap<>();
    for (String column : metadata.getColumnNames())
      columns.put(column, metadata.getColumnDataType(column).name());
    Map<String, Object> clustering = new TreeMap<>();
    for (String column : metadata.getClusteringKeyNames())
      clustering.put(column, metadata.getClusteringOrder(column).name());
    return Map.of(
        "columns", columns,
        "partition", new ArrayList<>(metadata.getPartitionKeyNames()),
        "clustering", clustering,
        "indexes", new ArrayList<>(metadata.getSecondaryIndexNames()));
  }

  private static Get get(int number) {
    return Get.newBuilder()
        .namespace(NAMESPACE)
        .table(TABLE)
        .partitionKey(Key.ofText("branch", BRANCH))
        .clusteringKey(Key.ofInt("number", number))
        .build();
  }

  private static List<Object> rows(List<Result> results) {
    List<Object> rows = new ArrayList<>();
    for (Result result : results) rows.add(row(result));
    return rows;
  }

  private static Object row(Result result) {
    Map<String, Object> row = new TreeMap<>();
    row.put("number", result.getInt("number"));
    row.put("owner", result.getText("owner"));
    row.put("balance", result.getBigInt("balance"));
    row.put("rate", result.getDouble("rate"));
    row.put("open", result.getBoolean("open"));
    row.put("seal", Base64.getEncoder().encodeToString(result.getBlobAsBytes("seal")));
    return row;
  }

  /** An administrative connection; ScalarDB's own is closeable by `try` in newer versions only. */
  private static final class Admin implements AutoCloseable {
    final DistributedTransactionAdmin of;

    Admin(TransactionFactory factory) {
      of = factory.getTransactionAdmin();
    }

    @Override
    public void close() {
      of.close();
    }
  }

  private static String json(Object value) {
    List<String> parts = new ArrayList<>();
    if (value instanceof Map) {
      ((Map<?, ?>) value).forEach((key, member) -> parts.add(json(key) + ":" + json(member)));
      return "{" + String.join(",", parts) + "}";
    }
    if (value instanceof List) {
      for (Object member : (List<?>) value) parts.add(json(member));
      return "[" + String.join(",", parts) + "]";
    }
    if (!(value instanceof String)) return String.valueOf(value);
    StringBuilder text = new StringBuilder("\"");
    for (char letter : ((String) value).toCharArray())
      text.append(letter < ' ' || letter == '"' || letter == '\\' ? String.format("\\u%04x", (int) letter) : letter);
    return text.append('"').toString();
  }
}
