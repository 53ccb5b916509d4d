import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;

/** Writes the lines of a file to a partition with a codec: `java -cp KAFKA Compressed.java BOOTSTRAP TOPIC FILE CODEC…`. */
public class Compressed {
  public static void main(String[] args) throws Exception {
    List<String> lines = Files.readAllLines(Path.of(args[2]));
    for (int codec = 3; codec < args.length; codec++) {
      Map<String, Object> config = Map.of(
          "bootstrap.servers", args[0], "compression.type", args[codec], "linger.ms", "20", "batch.size", "65536");
      try (var producer = new KafkaProducer<>(config, new StringSerializer(), new StringSerializer())) {
        for (int n = codec - 3; n < lines.size(); n += args.length - 3) {
          producer.send(new ProducerRecord<>(args[1], n % 3, null, lines.get(n)));
        }
      }
    }
  }
}
