import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * Writes the lines of a file to every partition by turns, in transactions of `size` lines of which every third is aborted,
 * and ends with one that stays open: `java -cp KAFKA Transactions.java BOOTSTRAP TOPIC PARTITIONS FILE SIZE`.
 */
public class Transactions {
  public static void main(String[] args) throws Exception {
    List<String> lines = Files.readAllLines(Path.of(args[3]));
    int partitions = Integer.parseInt(args[2]);
    int size = Integer.parseInt(args[4]);
    Map<String, Object> config = Map.of(
        "bootstrap.servers", args[0], "transactional.id", "faults", "linger.ms", "5", "transaction.timeout.ms", "10000");
    try (var producer = new KafkaProducer<>(config, new StringSerializer(), new StringSerializer())) {
      producer.initTransactions();
      for (int start = 0, turn = 0; start < lines.size(); start += size, turn++) {
        producer.beginTransaction();
        for (int n = start; n < Math.min(lines.size(), start + size); n++) {
          producer.send(new ProducerRecord<>(args[1], n % partitions, null, lines.get(n)));
        }
        if (turn % 3 == 2) producer.abortTransaction();
        else producer.commitTransaction();
      }
      producer.beginTransaction();
      producer.send(new ProducerRecord<>(args[1], 0, null, "{\"left\": \"open\"}")).get();
      System.exit(0);
    }
  }
}
